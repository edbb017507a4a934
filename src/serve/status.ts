import type { Endpoint } from './endpoint.js';
import { model } from './members.js';
import { SCHEMAS } from './schemas.js';
import type { ServedModel } from './served-model.js';

const described = ({ name, opened }: ServedModel): object => ({
  id: name,
  object: 'model',
  created: opened,
  owned_by: 'kneser',
});

/** The endpoints that tell the state of the server. */
export const STATUS: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/health',
    summary: 'Whether the server is ready: it is, once it answers.',
    answers: SCHEMAS.health,
    answer: ({ models }) => ({ status: 'ok', models: models.all().map(({ name }) => name) }),
  },
  {
    method: 'GET',
    path: '/v1/models',
    summary: 'The served models (OpenAI).',
    answers: SCHEMAS.models,
    answer: ({ models }) => ({ object: 'list', data: models.all().map(described) }),
  },
  {
    method: 'GET',
    path: '/v1/models/:id',
    summary: 'A served model (OpenAI).',
    answers: SCHEMAS.model,
    answer: ({ models, query }) => described(models.find(query[':id'])),
  },
  {
    method: 'GET',
    path: '/info',
    summary: 'Size, options and smoothing of a model (`model.info`).',
    parameters: { model },
    answers: SCHEMAS.info,
    answer: call => {
      const { name, paged } = call.model(call.query['model']);
      return { model: name, info: paged.info };
    },
  },
  {
    method: 'GET',
    path: '/metrics',
    summary: 'Requests, tokens, latencies and memory, in the text format of Prometheus.',
    answers: { type: 'string' },
    type: 'text/plain; version=0.0.4; charset=utf-8',
    answer: ({ metrics, models }) => {
      const text = metrics.text(models.all().map(({ name }) => name));
      return { type: 'text/plain; version=0.0.4; charset=utf-8', pieces: once(text) };
    },
  },
];

async function* once(text: string): AsyncGenerator<string, void, void> {
  yield await Promise.resolve(text);
}
