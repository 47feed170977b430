-- Links the first mention of a glossary term on each page to its entry there, and in HTML code that names a public
-- function to the library's reference. It runs before numbers and cross references are made; under Quarto, whose
-- document is one page, only for HTML.
local path, stringify = pandoc.path, pandoc.utils.stringify
local GLOSSARY, REFERENCE = 'chapters/glossary.qmd', 'chapters/reference.qmd'
local NO_TERMS = {[GLOSSARY] = true, [REFERENCE] = true, ['chapters/solutions.qmd'] = true,
  ['chapters/figures.qmd'] = true, ['references.qmd'] = true}
local ENTERED = {Emph = true, Strong = true, Quoted = true, Span = true, SmallCaps = true, Underline = true}
local root = quarto and quarto.project.directory or '.'

local function content_of(file)
  local ok, text = pcall(pandoc.system.read_file, path.join{root, file})
  return ok and text or nil
end

-- An entry's name, id and the forms in which it stands in sentences: those that its `match` lists, "" for none, or
-- else its name.
local function entry_of(term)
  local span = term[1].t == 'Span' and term[1]
  local name = stringify(term):gsub('%.$', '')
  local match = span and span.attributes.match
  if not match and name:match '[()]' then error('glossary: "' .. name .. '" needs a match="…"', 0) end
  local forms = pandoc.List()
  for form in (match or name):gmatch '[^,]+' do forms:insert((form:gsub('^%s+', ''):gsub('%s+$', ''))) end
  local id = span and span.identifier ~= '' and span.identifier
    or 'term-' .. name:lower():gsub('[^%w]+', '-'):gsub('%-$', '')
  return {name = name, id = id, forms = forms}
end

-- A definition as a tooltip's text, without the cross references, which lead on from the glossary.
local function tooltip(blocks)
  local text = stringify(blocks):gsub('%s+', ' '):gsub('\\,', ' '):gsub('[;,.]? [Ss]ee @sec.*$', '')
  return (text:gsub('%.?%s*$', '.'))
end

local function plural(form)
  if form:match '[sxz]$' or form:match '[cs]h$' then return form .. 'es' end
  if form:match '[^aeiou]y$' then return form:sub(1, -2) .. 'ies' end
  return form .. 's'
end

-- The forms by their first word in small letters, longest first.
local function read_terms()
  local terms, text = {}, content_of(GLOSSARY)
  if not text then return terms end
  for _, block in ipairs(pandoc.read(text, 'markdown').blocks) do
    for _, item in ipairs(block.t == 'DefinitionList' and block.content or {}) do
      local entry = entry_of(item[1])
      entry.tooltip = tooltip(item[2][1])
      for _, form in ipairs(entry.forms) do
        for _, written in ipairs{form, plural(form)} do
          local word = written:match '^%w+':lower()
          terms[word] = terms[word] or pandoc.List()
          terms[word]:insert{text = written, entry = entry, either = written:match '^%a%l' ~= nil}
        end
      end
    end
  end
  for _, forms in pairs(terms) do forms:sort(function(a, b) return #a.text > #b.text end) end
  return terms
end

-- The library's names with their ids: as they stand in the reference, and short where only one name ends so.
local function read_names()
  local names, text = {}, content_of((REFERENCE:gsub('[^/]+$', '_reference.md')))
  local function add(name, found)
    if names[name] == nil then names[name] = found
    elseif names[name] and names[name].id ~= found.id then names[name] = false end
  end
  local entry, fenced
  for line in ((text or '') .. '\n'):gmatch '(.-)\n' do
    local name, id = line:match '^### `([%w_. -]+)` {#(%l+%-[^ }]+)'
    if name then
      entry = {id = id}
      add(name, entry)
      if not name:match ' ' then
        for rest in function(_, last) return last:match '%.(.*)' end, nil, name do add(rest, entry) end
      end
    elseif line:match '^```' then fenced = not fenced
    elseif entry and not fenced and not entry.tooltip and line:match '%S' then -- its summary
      entry.tooltip = line:gsub('\\(%p)', '%1'):gsub('`', '')
    end
  end
  return names
end

-- Where the library's name that a piece of code is, or calls, stands in the reference; a bare word is no name.
local function named(code, names)
  local command = code:match '^efficient%-ai [%l-]+'
  if command then return names[command] end
  local name, rest = code:gsub('^efficient_ai%.', ''):match '^([%a_][%w_.]*)(.*)$'
  if not name or not (rest == '' or rest:match '^%(') then return nil end
  if rest == '' and not name:match '[._]' and not name:match '^%u%w*%l' then return nil end
  return names[name] or nil
end

-- The term that begins at a place of a text, if a whole word or several are one.
local function term_at(text, at, terms)
  for _, form in ipairs(terms[text:match('^%w+', at):lower()] or {}) do
    local stop = at + #form.text - 1
    local found = text:sub(at, stop)
    if form.either then found = found:gsub('^.', form.text:match '^%u' and string.upper or string.lower) end
    if found == form.text and not text:match('^[%w_]', stop + 1) and not text:match('^%-%a', stop + 1) then
      return form.entry, stop
    end
  end
end

-- Words and the spaces between them, with links where terms are mentioned that `seen` hasn't.
local function link_words(run, terms, seen, target)
  local text = table.concat(run:map(function(inline) return inline.text or ' ' end))
  local links, at = pandoc.List(), 1
  while true do
    local word = text:find('%w', at)
    if not word then break end
    at = (text:find('[^%w]', word) or #text + 1)
    if not text:sub(1, word - 1):match '[%w_-]$' then
      local entry, stop = term_at(text, word, terms)
      if entry then
        at = stop + 1
        if not seen[entry.id] then links:insert{from = word, to = stop, entry = entry} end
        seen[entry.id] = true
      end
    end
  end
  local out, place, current = pandoc.Inlines{}, 1, nil
  local function put(inline, first, last)
    while links[1] and links[1].to < first do links:remove(1) end
    local link = links[1]
    if inline.t ~= 'Str' or not link or last < link.from then
      local inside = link and first >= link.from and last <= link.to
      if not inside then out:insert(inline) else current.content:insert(inline) end
      return
    end
    local function cut(a, b) return a <= b and text:sub(a, b) end
    local before, mid = cut(first, link.from - 1), cut(math.max(first, link.from), math.min(last, link.to))
    if before then out:insert(pandoc.Str(before)) end
    if first <= link.from then
      current = pandoc.Link({}, target(link.entry), link.entry.tooltip, {'', {'term'}})
      current.content:insert(pandoc.Str(mid))
      out:insert(current)
    else current.content:insert(pandoc.Str(mid)) end
    local after = cut(link.to + 1, last)
    if after then put(pandoc.Str(after), link.to + 1, last) end
  end
  for _, inline in ipairs(run) do
    local length = #(inline.text or ' ')
    put(inline, place, place + length - 1)
    place = place + length
  end
  return out
end

local function is_word(inline) return inline.t == 'Str' or inline.t == 'Space' or inline.t == 'SoftBreak' end

-- A page with its links; headings, captions, tables, boxes that are folded, notes, links and citations stay.
local function linked(page, terms, names, target, api)
  local seen, skip = {}, function(element) return element, false end
  local function link_inlines(inlines)
    local out, run = pandoc.Inlines{}, pandoc.Inlines{}
    local function flush()
      out:extend(link_words(run, terms, seen, target))
      run = pandoc.Inlines{}
    end
    for _, inline in ipairs(inlines) do
      if is_word(inline) then run:insert(inline) else
        flush()
        local found = inline.t == 'Code' and #inline.classes == 0 and named(inline.text, names)
        if found then inline = pandoc.Link(inline, api(found), found.tooltip, {'', {'api'}})
        elseif ENTERED[inline.t] then inline.content = link_inlines(inline.content) end
        out:insert(inline)
      end
    end
    flush()
    return out
  end
  return page:walk{
    traverse = 'topdown', Header = skip, Figure = skip, Table = skip,
    Div = function(div)
      local float = div.identifier:match '^fig%-' or div.identifier:match '^tbl%-'
      if float or div.attributes.collapse == 'true' or div.classes:includes 'cell' then return div, false end
    end,
    Inlines = function(inlines) return link_inlines(inlines), false end,
  }
end

-- The glossary itself: an id on each entry, and no `match`.
local function with_ids(page)
  return page:walk{DefinitionList = function(list)
    list.content = list.content:map(function(item)
      local id = entry_of(item[1]).id
      local term = item[1][1].t == 'Span' and item[1][1].content or item[1]
      return {{pandoc.Span(term, {id})}, item[2]}
    end)
    return list
  end}
end

function Pandoc(doc)
  local html = quarto and quarto.doc.is_format 'html' or FORMAT == 'html'
  if quarto and not html then return nil end
  local terms, names = read_terms(), html and read_names() or {}
  local function page(blocks, file)
    if file == GLOSSARY then return with_ids(blocks) end
    local function target(other)
      local up = path.directory(file) == '.' and '' or '../'
      return function(found) return (quarto and up .. other or '') .. '#' .. found.id end
    end
    return linked(blocks, NO_TERMS[file] and {} or terms, file == REFERENCE and {} or names,
      target(GLOSSARY), target(REFERENCE))
  end
  if quarto then
    doc.blocks = page(doc.blocks, path.make_relative(quarto.doc.input_file, root))
    return doc
  end
  local present = {}
  for _, div in ipairs(doc.blocks) do present[div.identifier] = true end
  if not present[GLOSSARY] then terms = {} end
  if not present[REFERENCE] then names = {} end
  doc.blocks = doc.blocks:map(function(div) return page(div, div.identifier) end)
  return doc
end
