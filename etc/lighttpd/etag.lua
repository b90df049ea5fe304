-- What stands under a token never changes: a new version has another token. Of a file that is
-- not there (yet, or any more) nothing may be remembered, so the configuration cannot say this
-- for every answer. A file that grows (growing.*) changes under its name: nothing of it may be
-- remembered, nor has it a tag.
--
-- The tag of a stored file: size and time in microseconds, hexadecimal, as the programs and
-- Apache have it. lighttpd's own is a 32-bit hash that nobody else can tell beforehand.
--
-- A range that is not there is refused here, as the programs do it: lighttpd's own page does not
-- say how long the file is.
local file = lighty.c.stat(lighty.r.req_attr["physical.path"])

-- Range has passed range.lua: every number in it can be read.
local function is_beyond(range, size)
	local set = range:match("^[Bb][Yy][Tt][Ee][Ss]=(.*)$")

	for first in (set or "0-"):gmatch("([^,-]*)-[^,]*") do
		if (first == "" and size > 0) or (first ~= "" and tonumber(first) < size) then
			return false
		end
	end
	return true
end

-- What is asked only on a condition is the server's to answer.
local function is_refused(size)
	local asked = lighty.r.req_header

	return lighty.r.req_attr["request.method"] == "GET" and asked["Range"] ~= nil
		and asked["If-Range"] == nil and asked["If-Match"] == nil
		and asked["If-None-Match"] == nil and asked["If-Modified-Since"] == nil
		and asked["If-Unmodified-Since"] == nil and is_beyond(asked["Range"], size)
end

if file and file.is_file and is_refused(file.st_size) then
	lighty.r.resp_header["Content-Range"] = string.format("bytes */%d", file.st_size)
	lighty.r.resp_header["Content-Type"] = "application/problem+json"
	lighty.r.resp_header["Cache-Control"] = "no-store"
	lighty.r.resp_body.set({ string.format('{"type": "about:blank", "title": "Range Not Satisfiable",'
		.. ' "status": 416, "detail": "The file has %d bytes."}\n', file.st_size) })
	return 416
end

if file and file.is_file and string.find(lighty.r.req_attr["physical.path"], "/growing%.[a-z0-9.]+$") then
	lighty.r.resp_header["Cache-Control"] = "no-store"
elseif file and file.is_file then
	local seconds, nanoseconds = file.st_mtim()

	lighty.r.resp_header["ETag"] = string.format('"%x-%x"', file.st_size,
		seconds * 1000000 + math.floor(nanoseconds / 1000))
	-- the tokens of private tracks begin with a letter that is no hexadecimal digit
	lighty.r.resp_header["Cache-Control"] = string.format("%s, max-age=31536000, immutable",
		lighty.r.req_attr["uri.path"]:find("^/media/p") and "private" or "public")
end
