import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { inject } from 'vitest';

/** A run of `spark-sql`: its exit code and all that it wrote. */
export interface SparkRun {
  readonly status: number | null;
  readonly output: string;
}

/** Two threads of one process. */
const LOCAL = 'local[2]';

/** Spark on this machine, which listens on the loopback address only, and a folder for its files. */
export class Spark {
  private readonly home = inject('sparkHome');
  private readonly started: ChildProcess[] = [];
  private serial = 0;
  /** The number of workers of the cluster, a core each. */
  private workers = 0;

  constructor(private readonly folder: string) {}

  /** Runs SQL text with `spark-sql -f`. @param master LOCAL, or the address of a cluster. */
  async run(sql: string, master = LOCAL): Promise<SparkRun> {
    const { ended } = this.begin(sql, master);
    return ended;
  }

  /** Begins to run SQL text. */
  begin(sql: string, master: string): { readonly ended: Promise<SparkRun>; readonly log: string } {
    const name = join(this.folder, `run-${++this.serial}`);
    mkdirSync(name);
    writeFileSync(`${name}.sql`, sql);
    const settings = {
      'spark.sql.catalogImplementation': 'in-memory',
      'spark.sql.warehouse.dir': join(name, 'warehouse'),
      'spark.sql.shuffle.partitions': '3',
      'spark.ui.enabled': 'false',
      'spark.driver.host': '127.0.0.1',
      'spark.driver.bindAddress': '127.0.0.1',
    };
    if (master !== LOCAL) {
      // No task starts before each worker's executor has registered: the driver would not miss one that it does not know.
      Object.assign(settings, {
        'spark.cores.max': String(this.workers),
        'spark.scheduler.minRegisteredResourcesRatio': '1.0',
        'spark.scheduler.maxRegisteredResourcesWaitingTime': '120s',
      });
    }
    const args = ['--master', master, '--driver-memory', '1g', '--executor-memory', '700m', '-f', `${name}.sql`];
    const conf = Object.entries(settings).flatMap(([key, value]) => ['--conf', `${key}=${value}`]);
    const child = this.start('spark-sql', [...conf, ...args], `${name}.log`, name);
    const ended = once(child, 'close').then(([status]) => ({
      status: status as number | null,
      output: readFileSync(`${name}.log`, 'utf8'),
    }));
    return { ended, log: `${name}.log` };
  }

  /** Starts a master and workers of one core each. @returns the master's address, when it is ready, and the processes of the workers. */
  async cluster(workers: number): Promise<{ readonly master: string; readonly workers: readonly ChildProcess[] }> {
    const port = await freePort();
    const master = `spark://127.0.0.1:${port}`;
    const deploy = 'org.apache.spark.deploy';
    const log = join(this.folder, 'cluster.log');
    const at = ['--host', '127.0.0.1', '--webui-port', '0'];
    this.start('spark-class', [`${deploy}.master.Master`, ...at, '--port', String(port)], log);
    const started = Array.from({ length: workers }, (_, i) => {
      const place = ['--cores', '1', '--memory', '900m', '--work-dir', join(this.folder, `worker-${i}`)];
      return this.start('spark-class', [`${deploy}.worker.Worker`, ...at, ...place, master], log);
    });
    this.workers = workers;
    await until(() => readFileSync(log, 'utf8').split('Registering worker').length > workers, 'the workers are there');
    return { master, workers: started };
  }

  /** Ends the processes that are still running. */
  async stop(): Promise<void> {
    for (const child of this.started) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const closed = once(child, 'close');
      child.kill();
      await closed;
    }
  }

  private start(program: string, args: readonly string[], log: string, cwd = this.folder): ChildProcess {
    appendFileSync(log, '');
    const child = spawn(join(this.home, 'bin', program), args, {
      cwd,
      env: {
        ...process.env,
        SPARK_HOME: this.home,
        SPARK_LOCAL_IP: '127.0.0.1',
        SPARK_LOCAL_DIRS: this.folder,
        SPARK_DAEMON_MEMORY: '256m',
        SPARK_NO_DAEMONIZE: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => appendFileSync(log, data));
    this.started.push(child);
    return child;
  }
}

/** The executors that a worker has started and that still run. A worker starts other processes too, which end soon. */
export function executorsOf(worker: ChildProcess): number[] {
  return childrenOf(worker.pid ?? 0).filter(pid =>
    readOr(`/proc/${pid}/cmdline`).includes('CoarseGrainedExecutorBackend'),
  );
}

/** The processes that a process started. */
function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap(task =>
    readOr(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
  );
}

/** The text of a file; none if it is gone, as the files of a process that ended are. */
function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Waits until something is so, at most two minutes. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const started = Date.now(); !isSo();) {
    if (Date.now() - started > 120_000) throw new Error(`waited two minutes until ${what}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
