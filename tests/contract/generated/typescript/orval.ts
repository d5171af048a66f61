// A program of a client's, on what orval makes of the document. It is told no address: the document says it.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { createPost, listPosts, register, showPost, uploadMedia } from "./generated/orval/api";
import { PrivacyLevel, type Post } from "./generated/orval/model";

const [, video] = process.argv.slice(2) as [string, string];
const caption = "From orval";

async function main(): Promise<void> {
  const registered = await register({ email: "orval@example.com", password: "correct horse battery" });
  if (registered.status !== 201) throw new Error(JSON.stringify(registered.data));
  const tokens = registered.data;
  const options = { headers: { Authorization: `Bearer ${tokens.access_token}` } };

  const file = new File([readFileSync(video)], basename(video), { type: "video/mp4" });
  const uploaded = await uploadMedia({ file }, options);
  if (uploaded.status !== 201) throw new Error(JSON.stringify(uploaded.data));
  const media = uploaded.data;

  const created = await createPost({ caption, privacy_level: PrivacyLevel.SELF_ONLY, media_ids: [media.id] }, {
    headers: { ...options.headers, "Content-Type": "application/json" },
  });
  if (created.status !== 201) throw new Error(JSON.stringify(created.data));
  const post: Post = created.data;

  const listed = await listPosts({ limit: 10, q: caption, include_total: true }, options);
  if (listed.status !== 200) throw new Error(JSON.stringify(listed.data));
  const refused = await showPost(media.id, options);

  console.log(
    JSON.stringify({
      access_token: tokens.access_token,
      media_id: media.id,
      post_id: post.id,
      caption,
      listed: listed.data.data.map((each) => each.id),
      total: listed.data.total,
      refused_with: refused.status === 404 ? refused.data.code : refused.status,
    }),
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
