-- The ten tags that telemetry-tagging tells under tags.json, written by hand for that one service:
-- they are dynamic metadata here, which access logs and spans read as they read filter state. No
-- personal data is looked for in them, nothing in the query is decoded, and nothing is counted.

local PLANS = { G = "gold", S = "silver" }
local THEMES = { d = "dark", l = "light" }

local function parameter(query, name)
  return query:match("[?&]" .. name .. "=([^&]*)")
end

function envoy_on_request(handle)
  local headers = handle:headers()
  if headers:get(":authority") ~= "orders.example.com" then
    return
  end
  local tags = handle:streamInfo():dynamicMetadata()
  local function tell(name, value)
    if value and value ~= "" then
      tags:set("treaty", "tag." .. name, value)
    end
  end
  local tenant = headers:get("x-tenant")
  tell("tenant", tenant and tenant:lower():sub(1, 8))
  local plan = headers:get("x-plan")
  tell("plan", plan and (PLANS[plan] or "other"))
  local client = headers:get("user-agent")
  tell("client", client and client:sub(1, 12))
  local language = headers:get("accept-language")
  tell("language", language and language:sub(1, 2))
  tell("consumer", headers:get("x-consumer"))
  local path, query = headers:get(":path"):match("^([^?]*)(.*)$")
  local view = parameter(query, "view")
  tell("view", view and view:lower())
  tell("page", parameter(query, "page"))
  local cookies = headers:get("cookie")
  local theme = cookies and ("; " .. cookies):match("; theme=([^;]*)")
  tell("theme", theme and (THEMES[theme] or "other"))
  tell("order", path:match("^/v1/orders/([^/]+)$"))
  tell("region", "eu-central")
end
