/**
 * An empty module. On Workers it takes the place of Node.js modules that a library imports but never uses
 * there (wrangler.toml).
 */
export default {}
