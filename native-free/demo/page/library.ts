import type { KeptModel, ModelSource, TrainingText } from '../protocol.js';
import { button, byId, element } from './dom.js';
import { bytes } from './figures.js';

/** Functions of the page that the panel calls when the user presses its buttons. */
export interface LibraryActions {
  train(text: TrainingText): void;
  open(source: ModelSource): void;
  export(name: string): void;
  remove(name: string): void;
}

/** The ending of the file names of packed models. */
const PACKED = /\.kneser$/i;

/** The panel in which the user chooses a model: from a file, an address, the sample text, or the models that the browser keeps. */
export class Library {
  private readonly panel = byId('library', HTMLDetailsElement);
  private readonly list = byId('kept-list');

  constructor(private readonly actions: LibraryActions) {
    const input = byId('file', HTMLInputElement);
    byId('choose').addEventListener('click', () => input.click());
    input.addEventListener('change', () => {
      const file = input.files?.[0];
      if (file) this.take(file);
      input.value = '';
    });
    byId('sample').addEventListener('click', () => void this.takeSample());
    byId('choices', HTMLFormElement).addEventListener('submit', event => {
      event.preventDefault();
      this.openAddress();
    });
    this.acceptDrops();
  }

  set open(open: boolean) {
    this.panel.open = open;
  }

  /** Lists the models that the browser keeps. @param current the name of the open model. */
  show(models: readonly KeptModel[], current: string | undefined): void {
    byId('kept').hidden = models.length === 0;
    this.list.replaceChildren(...models.map(model => this.row(model, model.name === current)));
  }

  private row({ name, bytes: size, created }: KeptModel, isCurrent: boolean): HTMLElement {
    const date = new Date(created).toLocaleDateString(undefined, { dateStyle: 'medium' });
    const facts = element('span', 'soft figures', `${bytes(size)}, ${date}`);
    const open = button(isCurrent ? 'Open now' : 'Open', `Open${isCurrent ? ' now' : ''}: ${name}`, () =>
      this.actions.open({ kept: name }),
    );
    open.disabled = isCurrent;
    return element(
      'li',
      'row',
      element('span', '', element('b', '', name), ' ', facts),
      element(
        'span',
        'buttons',
        open,
        button('Export', `Export ${name}`, () => this.actions.export(name)),
        button('Delete', `Delete ${name}`, () => this.actions.remove(name)),
      ),
    );
  }

  /** Opens a packed model, or trains on a text file. */
  private take(file: File): void {
    if (PACKED.test(file.name)) this.actions.open({ file, name: file.name.replace(PACKED, '') });
    else this.actions.train({ file, name: file.name.replace(/\.[^.]+$/, ''), ...choices() });
  }

  private async takeSample(): Promise<void> {
    const response = await fetch('sample.txt');
    this.actions.train({ file: await response.blob(), name: 'Brown corpus, a sixth', ...choices() });
  }

  private openAddress(): void {
    const url = byId('address', HTMLInputElement).value.trim();
    if (url) this.actions.open({ url });
  }

  /** Takes a file that the user drops anywhere on the page. */
  private acceptDrops(): void {
    const drop = byId('drop');
    addEventListener('dragover', event => {
      event.preventDefault();
      document.body.classList.add('dragging');
    });
    addEventListener('dragleave', event => {
      if (!event.relatedTarget) document.body.classList.remove('dragging');
    });
    addEventListener('drop', event => {
      event.preventDefault();
      document.body.classList.remove('dragging');
      const file = event.dataTransfer?.files[0];
      if (file) this.take(file);
    });
    drop.addEventListener('click', event => {
      if (event.target === drop) byId('file').click();
    });
  }
}

/** The options of training that the user has chosen. */
function choices(): Pick<TrainingText, 'order' | 'skip'> {
  return {
    order: Number(byId('order', HTMLSelectElement).value),
    skip: byId('skip', HTMLInputElement).checked,
  };
}
