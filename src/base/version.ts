/** The version of this package, as in `package.json`. It is also in the source, because bundles of this code have no `package.json`. */
export const VERSION = '0.1.0';
