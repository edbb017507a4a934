import { byId } from './dom.js';
import { EngineError } from './engine.js';

/** By error code: the remedy, for errors whose messages do not name one. */
const ADVICE: Readonly<Record<string, string>> = {
  KNESER_DAMAGED: 'The file was changed or cut off after it was made. Export it again, or download it once more.',
  KNESER_NOT_A_MODEL: 'Packed models are made by Export here, and by kneser pack.',
  KNESER_LIMIT: 'Take a part of the text or a lower order, leave out skip patterns, or train it with the command line.',
  KNESER_INPUT_EMPTY: 'Choose a file that holds some sentences.',
  NotReadableError: 'The file cannot be read any more; it was moved or changed. Choose it again.',
};

/** The remedy for a file that could not be fetched. */
const ELSEWHERE =
  'Another site must have an address that begins with https:, and let its files be read from here (CORS).';

/** Shows an error in the page, with its remedy. */
export class Trouble {
  private readonly panel = byId('error');
  /** The element that had the keyboard focus before the error was shown. */
  private focusedBefore: Element | null = null;

  constructor() {
    const dismiss = byId('dismiss');
    dismiss.addEventListener('click', () => {
      this.clear();
      if (this.focusedBefore instanceof HTMLElement) this.focusedBefore.focus();
    });
  }

  show(error: unknown): void {
    const { code, message } = failureOf(error);
    if (code === 'KNESER_ABORTED') return;
    this.focusedBefore = document.activeElement;
    byId('error-text').textContent = message;
    const isFetch = code === 'KNESER_IO' && /^https?:/.test(message);
    byId('error-advice').textContent = isFetch ? ELSEWHERE : (ADVICE[code] ?? '');
    this.panel.hidden = false;
    this.panel.scrollIntoView({ block: 'nearest' });
  }

  clear(): void {
    this.panel.hidden = true;
  }
}

function failureOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof EngineError) return error.failure;
  return error instanceof Error ? { code: error.name, message: error.message } : { code: '', message: String(error) };
}
