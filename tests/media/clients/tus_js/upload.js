// tus-js-client as its users call it: `node upload.js '{"file": …, "endpoint": …, "token": …, "storage": …, "options": {…}}'`.
// With `"stream": true` it is given a stream of unknown length, as where something is still being recorded. Whatever was begun before is gone on with. Tells what happens as one JSON object a line.
import fs from 'node:fs'
import { PassThrough } from 'node:stream'
import * as tus from 'tus-js-client'

const { file, endpoint, token, storage, stream, options } = JSON.parse(process.argv[2])
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`)
const source = fs.createReadStream(file)

const upload = new tus.Upload(stream ? source.pipe(new PassThrough()) : source, {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: 'clip – été.mp4', filetype: 'video/mp4', note: '' },
  urlStorage: new tus.FileUrlStorage(storage),
  ...options,
  onAfterResponse: (request, response) => {
    say({ method: request.getMethod(), status: response.getStatus(), offset: Number(response.getHeader('Upload-Offset')) })
  },
  onError: (error) => {
    const response = error.originalResponse
    say({ error: error.message, status: response?.getStatus() ?? null, body: response?.getBody() ?? null })
    process.exitCode = 1
  },
  onSuccess: () => {
    say({ url: upload.url })
  },
})

const previous = await upload.findPreviousUploads()
say({ previous: previous.length })
if (previous.length > 0) {
  upload.resumeFromPreviousUpload(previous[0])
}
upload.start()
