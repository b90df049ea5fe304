-- Range as every part of Drift reads it (RFC 9110 section 14; lib/http/range.h says the same for
-- the programs): lighttpd answers 416 to numbers of 19 digits and to what is not well-formed, and
-- takes "+5" for a number. So what is not well-formed, and what has too many parts, is removed
-- before anything decides; numbers beyond every file become one that lighttpd can read.
local PARTS_MAX = 10 -- RANGE_PARTS_MAX; lighttpd itself reads no more
local LARGEST = "999999999999999999" -- 18 digits

local function shorten(digits)
	digits = digits:gsub("^0+(%d)", "%1")
	return #digits > #LARGEST and LARGEST or digits
end

local function is_less(a, b)
	if #a ~= #b then
		return #a < #b
	end
	return a < b
end

-- One part in the shortest spelling; nil: not well-formed.
local function read_part(text)
	local first, last = text:match("^(%d*)%-(%d*)$")

	if not first or (first == "" and last == "") then
		return nil
	end
	first, last = shorten(first), shorten(last)
	if first == "" then
		-- the last 0 bytes are none, which lighttpd takes for a mistake
		return last == "0" and LARGEST .. "-" or "-" .. last
	end
	if last ~= "" and is_less(last, first) then
		return nil
	end
	return first .. "-" .. last
end

-- "" for what counts as no Range. Other units are nobody's business here.
local function read_range(text)
	local unit, set = text:match("^([^=]*)=(.*)$")
	local parts = {}

	if not unit or unit:lower() ~= "bytes" then
		return text
	end
	for part in set:gmatch("[^,]+") do
		part = part:match("^[ \t]*(.-)[ \t]*$")
		if part ~= "" then
			part = read_part(part)
			if not part or #parts == PARTS_MAX then
				return ""
			end
			parts[#parts + 1] = part
		end
	end
	return #parts > 0 and "bytes=" .. table.concat(parts, ",") or ""
end

local asked = lighty.r.req_header["Range"]

if asked then
	lighty.r.req_header["Range"] = read_range(asked)
end
