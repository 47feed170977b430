-- Reads the book's pages one by one, each into a Div of its own (footnotes and reference links stay within their
-- page), with includes put in, {python} cells and inline values marked and numbered, and paths made relative to
-- the book's root.
local path = pandoc.path

local function load(text, folder, page)
  text = text:gsub('{{< *include +(%S+) *>}}', function(file)
    return load(pandoc.system.read_file(path.join{folder, file}), folder, page)
  end)
  for language in ('\n' .. text):gmatch '\n[ \t]*```+ *{([%w_-]+)}' do
    if language ~= 'python' then error(page .. ': a cell in {' .. language .. '}; only {python} is known', 0) end
  end
  return (('\n' .. text):gsub('(\n[ \t]*```+) *{python}', '%1 {.python .exec}'))
end

function Reader(sources, opts)
  local blocks = pandoc.List()
  for _, source in ipairs(sources) do
    local folder = path.directory(source.name)
    local doc = pandoc.read(load(source.text, folder, source.name), 'markdown', opts)
    local cells, values = 0, 0
    if doc.meta.title then doc.blocks:insert(1, pandoc.Header(1, doc.meta.title)) end
    local function rooted(target)
      if target:match '^%a[%w+.-]*:' or target:match '^#' then return target end
      if target:match '^/' then return target:sub(2) end
      local full = path.join{folder, target}:gsub('^%./', '')
      while full:match '[^/]+/%.%./' do full = full:gsub('[^/]+/%.%./', '', 1) end
      return full
    end
    blocks:insert(pandoc.Div(doc.blocks:walk{
      Image = function(image) image.src = rooted(image.src); return image end,
      Link = function(link) link.target = rooted(link.target); return link end,
      CodeBlock = function(code)
        if code.classes:includes 'exec' then
          cells = cells + 1
          code.attributes.n = tostring(cells)
          return code
        end
      end,
      Code = function(code)
        local expression = code.text:match '^{python}%s+(.*)$'
        if expression then
          values = values + 1
          return pandoc.Code(expression, {'', {'value'}, {n = tostring(values)}})
        end
      end,
    }, {source.name, {'chapter'}}))
  end
  return pandoc.Pandoc(blocks)
end
