// msgpackr's main entry loads a native add-on as soon as it is imported; this one does not.
export { pack } from 'msgpackr/pack';
