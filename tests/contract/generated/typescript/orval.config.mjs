export default {
  api: {
    input: process.env.DOCUMENT,
    output: {
      client: "fetch",
      mode: "single",
      target: "generated/orval/api.ts",
      schemas: "generated/orval/model",
      baseUrl: { getBaseUrlFromSpecification: true },
    },
  },
};
