// A program of a client's, on what openapi-typescript makes of the document.
import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/openapi_typescript";

const [baseUrl, video] = process.argv.slice(2) as [string, string];
const caption = "From openapi-typescript";

async function main(): Promise<void> {
  const anyone = createClient<paths>({ baseUrl });
  const registered = await anyone.POST("/api/v1/auth/register", {
    body: { email: "fetch@example.com", password: "correct horse battery" },
  });
  if (!registered.data || !("access_token" in registered.data)) throw new Error(JSON.stringify(registered.error));
  const tokens = registered.data;
  const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${tokens.access_token}` } });

  const file = await openAsBlob(video, { type: "video/mp4" });
  const uploaded = await client.POST("/api/v1/media", {
    body: { file: "" },
    bodySerializer: () => {
      const form = new FormData();
      form.append("file", file, basename(video));
      return form;
    },
  });
  if (!uploaded.data) throw new Error(JSON.stringify(uploaded.error));
  const media: components["schemas"]["Media"] = uploaded.data;

  const privacy: components["schemas"]["PrivacyLevel"] = "SELF_ONLY";
  const created = await client.POST("/api/v1/posts", {
    params: { header: { "Idempotency-Key": "draft-once" } },
    body: { caption, privacy_level: privacy, media_ids: [media.id] },
  });
  if (!created.data) throw new Error(JSON.stringify(created.error));

  const listed = await client.GET("/api/v1/posts", {
    params: { query: { limit: 10, q: "openapi-typescript", include_total: true } },
  });
  if (!listed.data) throw new Error(JSON.stringify(listed.error));
  const ids: string[] = listed.data.data.map((post) => post.id);

  const refused = await client.GET("/api/v1/posts/{post_id}", { params: { path: { post_id: media.id } } });
  console.log(
    JSON.stringify({
      access_token: tokens.access_token,
      media_id: media.id,
      post_id: created.data.id,
      caption,
      listed: ids,
      total: listed.data.total,
      refused_with: refused.error?.code,
    }),
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
