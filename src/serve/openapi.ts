import { VERSION } from '../base/version.js';
import type { Endpoint } from './endpoint.js';
import type { Members, Schema } from './members.js';
import { SCHEMAS } from './schemas.js';

/** The OpenAPI 3.1 document of the endpoints. */
export function openApi(endpoints: readonly Endpoint[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[endpoint.method.toLowerCase()] = operation(endpoint);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'kneser serve',
      version: VERSION,
      description:
        'N-gram language models. Every path also exists below /models/NAME, where it means that model. Log probabilities are natural at /v1/completions and of base 10 elsewhere.',
    },
    paths,
    components: {
      schemas: { Error: SCHEMAS.error },
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
    },
    security: [{}, { key: [] }],
  };
}

function operation({ path, summary, members, parameters, answers, type, readsBody }: Endpoint): object {
  const failure = (description: string): object => ({
    description,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  });
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', minLength: 1 },
  }));
  const inQuery = Object.entries(parameters ?? {}).map(([name, member]) => ({
    name,
    in: 'query',
    schema: member.schema,
  }));
  const hasBody = members !== undefined || readsBody;
  return {
    summary,
    ...(inPath.length + inQuery.length > 0 ? { parameters: [...inPath, ...inQuery] } : {}),
    ...(members
      ? { requestBody: { required: true, content: { 'application/json': { schema: objectOf(members) } } } }
      : {}),
    ...(readsBody
      ? { requestBody: { required: true, content: { 'application/x-ndjson': { schema: { type: 'string' } } } } }
      : {}),
    responses: {
      200: {
        description: 'The answer.',
        content: {
          [(type ?? 'application/json').split(';')[0]]: { schema: answers },
          ...(members?.['stream']
            ? { [path.startsWith('/v1') ? 'text/event-stream' : 'application/x-ndjson']: { schema: {} } }
            : {}),
        },
      },
      ...(hasBody || inQuery.length > 0 ? { 400: failure('The request is not valid.') } : {}),
      401: failure('The server needs another key.'),
      403: failure('The request comes from a page of another server.'),
      ...(hasBody || inPath.length + inQuery.length > 0 ? { 404: failure('There is no such model.') } : {}),
      ...(hasBody
        ? {
            408: failure('The body took too long.'),
            413: failure('The body is too long.'),
            415: failure('The body is compressed.'),
          }
        : {}),
      500: failure('The server failed.'),
      503: failure('The answer took too long, or the server has too much to do.'),
    },
  };
}

/** The schema of an object with these members, any of which may be `null` unless it is needed. */
function objectOf(members: Members): Schema {
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(members).map(([name, { schema, required }]) => [
        name,
        required ? schema : { anyOf: [schema, { type: 'null' }] },
      ]),
    ),
    required: Object.entries(members).flatMap(([name, { required }]) => (required ? [name] : [])),
    additionalProperties: false,
  };
}
