/** The figures of `GET /metrics`, in the text format of Prometheus. */

/** The upper ends of the buckets of latency [s]. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The requests of one endpoint. */
interface Latencies {
  /** By bucket, how many requests took at most its upper end and more than that of the bucket before; the last bucket has no end. */
  readonly counts: Float64Array;
  sum: number;
}

/** Counts requests and tokens. */
export class Metrics {
  /** Requests that are being answered. */
  running = 0;
  private readonly requests = new Map<string, number>();
  private readonly latencies = new Map<string, Latencies>();
  private readonly tokens = new Map<string, number>();

  /** Notes an answered request. @param path the path of its endpoint, or `other`. @param seconds from its headers to the end of the answer. */
  answered(path: string, status: number, seconds: number): void {
    add(this.requests, `path="${path}",status="${status}"`, 1);
    let latencies = this.latencies.get(path);
    if (!latencies) this.latencies.set(path, (latencies = { counts: new Float64Array(BUCKETS.length + 1), sum: 0 }));
    const bucket = BUCKETS.findIndex(end => seconds <= end);
    latencies.counts[bucket < 0 ? BUCKETS.length : bucket]++;
    latencies.sum += seconds;
  }

  /** Notes tokens that a model scored or generated. */
  used(model: string, kind: 'scored' | 'generated', tokens: number): void {
    add(this.tokens, `model="${escaped(model)}",kind="${kind}"`, tokens);
  }

  /** @param models the names of the served models. */
  text(models: readonly string[]): string {
    const { rss, heapUsed, external } = process.memoryUsage();
    const lines = [
      ...described('kneser_requests_total', 'counter', 'Requests answered.'),
      ...rows('kneser_requests_total', this.requests),
      ...described('kneser_tokens_total', 'counter', 'Tokens scored and generated.'),
      ...rows('kneser_tokens_total', this.tokens),
      ...described(
        'kneser_request_duration_seconds',
        'histogram',
        'Time from the headers of a request to the end of its answer.',
      ),
      ...[...this.latencies].flatMap(([path, latencies]) => histogram(path, latencies)),
      ...described('kneser_requests_running', 'gauge', 'Requests that are being answered.'),
      `kneser_requests_running ${this.running}`,
      ...described('kneser_models', 'gauge', 'Served models.'),
      ...models.map(name => `kneser_models{model="${escaped(name)}"} 1`),
      ...described('process_resident_memory_bytes', 'gauge', 'Resident memory.'),
      `process_resident_memory_bytes ${rss}`,
      ...described('nodejs_heap_used_bytes', 'gauge', 'Memory of objects of JavaScript.'),
      `nodejs_heap_used_bytes ${heapUsed}`,
      ...described('nodejs_external_bytes', 'gauge', 'Memory outside the heap, such as that of tables.'),
      `nodejs_external_bytes ${external}`,
      ...described('process_cpu_seconds_total', 'counter', 'Processor time.'),
      `process_cpu_seconds_total ${cpuSeconds()}`,
    ];
    return `${lines.join('\n')}\n`;
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function add(to: Map<string, number>, labels: string, amount: number): void {
  to.set(labels, (to.get(labels) ?? 0) + amount);
}

function described(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function rows(name: string, values: ReadonlyMap<string, number>): string[] {
  return [...values].map(([labels, value]) => `${name}{${labels}} ${value}`);
}

function histogram(path: string, { counts, sum }: Latencies): string[] {
  const name = 'kneser_request_duration_seconds';
  let below = 0;
  const buckets = Array.from(counts, (count, i) => {
    below += count;
    return `${name}_bucket{path="${path}",le="${i < BUCKETS.length ? BUCKETS[i] : '+Inf'}"} ${below}`;
  });
  return [...buckets, `${name}_sum{path="${path}"} ${sum}`, `${name}_count{path="${path}"} ${below}`];
}

function escaped(label: string): string {
  return label.replaceAll(/[\\"\n]/g, sign => (sign === '\n' ? '\\n' : `\\${sign}`));
}
