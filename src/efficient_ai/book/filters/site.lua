-- Writes each page as an HTML file of its own, at the path that Quarto gives it.
local path, system, stringify = pandoc.path, pandoc.system, pandoc.utils.stringify

local function write(file, content)
  system.make_directory(path.directory(file), true)
  system.write_file(file, content)
end

-- A picture's width and height in pixels, so that the text below it needn't move once it has come; nil where it has none.
local function size(content)
  if content:sub(2, 4) == 'PNG' then return (('>I4I4'):unpack(content, 17)), select(2, ('>I4I4'):unpack(content, 17)) end
  local tag = content:match '<svg.->' or ''
  local function pixels(name)
    local value, unit = tag:match('%s' .. name .. '="([%d.]+)(%a*)"')
    return value and tonumber(value) * (unit == 'pt' and 4 / 3 or 1)
  end
  return pixels 'width', pixels 'height'
end

local function text_of(blocks) return (stringify(blocks):gsub('%s+', ' ')) end

function Pandoc(doc)
  local site, home, entries, pages = stringify(doc.meta.site), {}, {}, pandoc.List()
  local pictures = {} -- of each figure the first
  local repo, branch = stringify(doc.meta['repo-url']), stringify(doc.meta['repo-branch'])
  for _, div in ipairs(doc.blocks) do
    local page = {url = (div.identifier:gsub('%.qmd$', '.html')), blocks = div.content, ids = {}, source = div.identifier}
    local function note(element)
      local id = element.identifier
      if id and id ~= '' then page.ids[id] = true; home[id] = home[id] or page.url end
      if id and id:match '^ref%-' then entries[id] = text_of(element.content) end
      if element.t == 'Figure' then
        element:walk{Image = function(image) pictures[id] = pictures[id] or image.src end}
      end
    end
    div.content:walk{Block = note, Inline = note}
    page.title = div.content:find_if(function(b) return b.t == 'Header' end).content
    pages:insert(page)
  end
  for i, page in ipairs(pages) do
    local dir = path.directory(page.url)
    local function from(target) return dir == '.' and target or path.make_relative(target, dir, true) end
    local function asset(target) -- copied beside the pages; what a cell drew is there already
      if target:match '^%a[%w+.-]*:' then return target end
      local made = target:sub(1, #site + 1) == site .. '/' and target:sub(#site + 2)
      local content
      if made or not (target:match '^notebooks/' or target == stringify(doc.meta.pdf)) then
        local ok, found = pcall(system.read_file, target)
        if not ok then error(page.source .. ': there is no file ' .. target, 0) end
        if not made then write(path.join{site, target}, found) end
        content = found
      end
      return from(made or target), content
    end
    local body = page.blocks:walk{
      Div = function(div) -- a small picture beside each figure that is listed
        return div.identifier:match '^floats%-' and div:walk{Link = function(link)
          local picture = pictures[link.target:sub(2)]
          return picture and {pandoc.Image(stringify(link) .. ', small', picture), link}
        end} or nil
      end,
    }:walk{
      Image = function(image)
        local src, content = asset(image.src)
        local width, height = size(content or '')
        image.src, image.attributes.loading = src, 'lazy'
        if width and height then
          image.attributes.width, image.attributes.height = ('%.0f'):format(width), ('%.0f'):format(height)
        end
        return image
      end,
      Table = function(rows) -- a narrow column breaks between words, not within a network's name
        return rows:walk{Str = function(word)
          return (word.text:match '%w%-%d' or word.text:match '%u%w*%-%u') and pandoc.Span(word, {class = 'name'}) or nil
        end}
      end,
      Code = function(code) -- a short command isn't broken at its hyphens
        if #code.text <= 24 and code.text:find('-', 1, true) then code.classes:insert 'name'; return code end
      end,
      Link = function(link)
        local id = link.target:match '^#(.+)'
        if not id then link.target = asset(link.target)
        elseif not page.ids[id] then
          link.target = from(home[id] or error(page.source .. ': no such id: #' .. id, 0)) .. '#' .. id
        end
        if entries[id or ''] then link.title = entries[id] end
        return link
      end,
    }
    local function nav(other)
      return other and {href = from(other.url), title = other.title, current = other == page}
    end
    local sections = body:filter(function(b) return not (b.t == 'Header' and b.level == 1) end)
    local contents = pandoc.structure.table_of_contents(sections, {toc_depth = 3})
    contents = #contents.content > 0 and pandoc.Blocks{contents} or nil
    local notebook = (doc.meta.notebooks or {})[page.source]
    local meta = {title = doc.meta.title, author = doc.meta.author, lang = doc.meta.lang, subtitle = doc.meta.subtitle,
      pagetitle = (i == 1 and '' or text_of(page.title) .. ' – ') .. stringify(doc.meta.title), nav = pandoc.List(),
      root = dir == '.' and '' or dir:gsub('[^/]+', '..') .. '/', previous = nav(pages[i - 1]), next = nav(pages[i + 1]),
      contents = contents, cover = i == 1, pdf = from(stringify(doc.meta.pdf)), repo = repo,
      notebook = notebook and from(stringify(notebook)), source = ('%s/blob/%s/%s'):format(repo, branch, page.source),
      colab = notebook and ('%s/blob/%s/%s'):format(
        repo:gsub('^https://github%.com/', 'https://colab.research.google.com/github/'), branch, stringify(notebook))}
    for _, other in ipairs(pages) do
      local entry = nav(other)
      entry.contents = other == page and contents or nil
      meta.nav:insert(entry)
    end
    write(path.join{site, page.url}, pandoc.write(pandoc.Pandoc(body, meta), 'html', PANDOC_WRITER_OPTIONS))
  end
end
