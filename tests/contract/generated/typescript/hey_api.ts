// A program of a client's, on what @hey-api/openapi-ts makes of the document. It is told no address: the document says it.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { createPost, listPosts, register, showPost, uploadMedia } from "./generated/hey_api";
import { client } from "./generated/hey_api/client.gen";
import type { Post, PrivacyLevel } from "./generated/hey_api";

const [, video] = process.argv.slice(2) as [string, string];
const caption = "From hey-api";

async function main(): Promise<void> {
  const registered = await register({
    body: { email: "hey-api@example.com", password: "correct horse battery" },
    throwOnError: true,
  });
  if (!("access_token" in registered.data)) throw new Error("an address must be proven here");
  const tokens = registered.data;
  client.setConfig({ auth: () => tokens.access_token });

  const file = new File([readFileSync(video)], basename(video), { type: "video/mp4" });
  const { data: media } = await uploadMedia({ body: { file }, throwOnError: true });

  const privacy_level: PrivacyLevel = "SELF_ONLY";
  const { data: post } = await createPost({ body: { caption, privacy_level, media_ids: [media.id] }, throwOnError: true });
  const shown: Post = post;

  const { data: page } = await listPosts({ query: { limit: 10, q: caption, include_total: true }, throwOnError: true });
  const { error } = await showPost({ path: { post_id: media.id } });

  console.log(
    JSON.stringify({
      access_token: tokens.access_token,
      media_id: media.id,
      post_id: shown.id,
      caption,
      listed: page.data.map((each) => each.id),
      total: page.total,
      refused_with: error?.code,
    }),
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
