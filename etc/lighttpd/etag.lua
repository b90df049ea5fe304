-- What stands under a token never changes: a new version has another token. Of a file that is
-- not there (yet, or any more) nothing may be remembered, so the configuration cannot say this
-- for every answer. A file that grows (growing.*) changes under its name: nothing of it may be
-- remembered, nor has it a tag.
--
-- The tag of a stored file: size and time in microseconds, hexadecimal, as the programs and
-- Apache have it. lighttpd's own is a 32-bit hash that nobody else can tell beforehand.
local file = lighty.c.stat(lighty.r.req_attr["physical.path"])

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
