export default function () {
  const engines = { markdownTemplateEngine: "njk", htmlTemplateEngine: "njk" };
  return { dir: { input: "content", includes: "../_includes", output: "_site" }, ...engines };
}
