/*
 * send.mjs - one upload by tus-js-client as npm has it; its answers as JSON on stdout.
 *
 *     node send.mjs '{"file": "x.wav", "endpoint": "http://…/cgi-bin/upload.fcgi/",
 *         "key": "…", "storage": "uploads.json", "options": {…}, "dieAt": 1000000}'
 *
 * storage remembers the upload for the next run. With dieAt it kills itself when so many
 * bytes have gone out: nothing is cleaned up, no connection is closed by us.
 */
import fs from 'node:fs';
import http from 'node:http';
import * as tus from 'tus-js-client';

const task = JSON.parse(process.argv[2]);
const agent = new http.Agent();
const answers = [];

function bytesOut() {
	return Object.values(agent.sockets).flat().reduce((sum, socket) => sum + socket.bytesWritten, 0);
}

if (task.dieAt)
	setInterval(() => bytesOut() >= task.dieAt && process.kill(process.pid, 'SIGKILL'), 1);

function finish(error) {
	console.log(JSON.stringify({ error: error ? String(error) : null, url: upload.url, answers }));
	process.exit(0);
}

const upload = new tus.Upload(fs.createReadStream(task.file), {
	endpoint: task.endpoint,
	headers: { 'X-Api-Key': task.key },
	metadata: { filename: 'By tus.wav' },
	httpStack: new tus.DefaultHttpStack({ agent }),
	urlStorage: new tus.FileUrlStorage(task.storage),
	onAfterResponse: (request, response) => {
		answers.push({
			method: request.getMethod(),
			status: response.getStatus(),
			from: request.getHeader('Upload-Offset') ?? null,
			offset: response.getHeader('Upload-Offset') ?? null,
			track: response.getHeader('Drift-Track') ?? null,
		});
		if (task.abortAfter && answers.length === task.abortAfter)
			upload.abort(true).then(() => finish(), finish);
	},
	onSuccess: () => finish(),
	onError: finish,
	...task.options,
});

const previous = await upload.findPreviousUploads();
if (previous.length > 0)
	upload.resumeFromPreviousUpload(previous[0]);
upload.start();
