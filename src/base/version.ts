/** The version of this package: that of `package.json`, which a bundle of this code does not have beside it. */
export const VERSION = '0.1.0';
