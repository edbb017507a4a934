import { Failure } from './failure.js';
import { ServedModel, type NamedPath, type OnProgress, type ServedOptions } from './served-model.js';

/** The models of a server, by name. */
export class Models {
  private current: ReadonlyMap<string, ServedModel> = new Map();

  constructor(
    private readonly paths: readonly NamedPath[],
    private readonly options: ServedOptions,
  ) {}

  /**
   * Opens all models, then puts them in place of the models in use. Requests that have begun end with the old models. After an error the old models stay.
   *
   * @throws the errors of opening and loading.
   */
  async open(onProgress?: OnProgress, signal?: AbortSignal): Promise<void> {
    const opened = new Map<string, ServedModel>();
    try {
      for (const path of this.paths) {
        opened.set(path.name, await ServedModel.open(path, this.options, { onProgress, signal }));
      }
    } catch (error) {
      for (const model of opened.values()) await model.retire();
      throw error;
    }
    const old = this.current;
    this.current = opened;
    for (const model of old.values()) await model.retire();
  }

  /** The models, in the order in which they were given. */
  all(): ServedModel[] {
    return [...this.current.values()];
  }

  /** The model of a name. @throws Failure with status 404 for an unknown name, 400 if none is given and there are several. */
  find(name: string | undefined): ServedModel {
    const { current } = this;
    const names = [...current.keys()].join(', ');
    if (name === undefined) {
      const [only] = current.values();
      if (current.size === 1) return only;
      const message = `model: is missing, and this server has several (${names}); name one, or ask at /models/NAME/…`;
      throw new Failure(400, 'model_required', message, 'model');
    }
    const model = current.get(name);
    if (model) return model;
    throw new Failure(
      404,
      'model_not_found',
      `model: there is none called ${JSON.stringify(name)}; this server has ${names}`,
      'model',
    );
  }

  async close(): Promise<void> {
    for (const model of this.current.values()) await model.retire();
    this.current = new Map();
  }
}
