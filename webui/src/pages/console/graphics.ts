/** Whether it pays to have a terminal drawn by WebGL. */

/** Tell whether there is a graphics card: where its work is done by the processor, the other renderer is quicker. */
export function hasGraphics(): boolean {
  const context = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (context === null) return false;
  const about = context.getExtension("WEBGL_debug_renderer_info");
  const name = String(context.getParameter(about?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER));
  // A page may have few contexts, and this one was only asked.
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return !/swiftshader|llvmpipe|software|basic render/i.test(name);
}
