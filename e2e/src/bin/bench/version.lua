-- What version-negotiation visibly does under policy.json, written by hand for that one service:
-- its facts are dynamic metadata here, the name of the proxy is a constant, and nothing is counted.

local VERSIONS = {
  ["1"] = {
    state = "deprecated",
    deprecation = "@1704067200",
    sunset = "Thu, 01 Jan 2099 00:00:00 GMT",
    link = '<https://example.com/deprecation>; rel="deprecation"; type="text/html", '
      .. '</v2>; rel="successor-version"',
  },
  ["2"] = { state = "current" },
}

function envoy_on_request(handle)
  local headers = handle:headers()
  if headers:get(":authority") ~= "orders.example.com" then
    return
  end
  local source = "path"
  local requested, path = headers:get(":path"):match("^/v(%d+)(/.*)$")
  local named = headers:get("api-version")
  if not requested then
    requested, source = named, "header"
  end
  local version = VERSIONS[requested]
  if not version then
    handle:respond({ [":status"] = "404" }, "unknown version")
    return
  end
  if path then
    local hops = headers:get("x-treaty-hops")
    local before = hops and hops:match("p51d8e999;n=(%d+)") or 0
    headers:replace("x-treaty-hops", "p51d8e999;n=" .. before + 1)
    headers:replace(":path", path)
  end
  headers:replace("x-treaty-version", requested)
  local facts = handle:streamInfo():dynamicMetadata()
  facts:set("treaty", "service", "orders")
  facts:set("treaty", "version_requested", requested)
  facts:set("treaty", "version", requested)
  facts:set("treaty", "version_source", source)
  facts:set("treaty", "version_state", version.state)
  facts:set("treaty", "version_outcome", "served")
end

function envoy_on_response(handle)
  local facts = handle:streamInfo():dynamicMetadata():get("treaty")
  if not facts then
    return
  end
  local headers = handle:headers()
  local version = VERSIONS[facts["version"]]
  if version.deprecation and not headers:get("deprecation") then
    headers:add("deprecation", version.deprecation)
  end
  if version.sunset and not headers:get("sunset") then
    headers:add("sunset", version.sunset)
  end
  if version.link then
    headers:add("link", version.link)
  end
  headers:replace("x-treaty-version", facts["version"])
  local vary = headers:get("vary")
  headers:replace("vary", vary and vary .. ", api-version" or "api-version")
end
