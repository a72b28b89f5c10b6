/** What Workers get for modules of Node.js that a library names and never uses there (wrangler.toml). */
export default {}
