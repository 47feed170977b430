-- For Quarto: the links that our own renderer puts above a page's text, from the one repository URL in _quarto.yml
-- (which Quarto does not hand to filters, so it is read again).
local path = pandoc.path

function Pandoc(doc)
  if not quarto or not quarto.doc.is_format 'html' or not quarto.project.directory then return nil end
  local root = quarto.project.directory
  local settings = pandoc.system.read_file(path.join{root, '_quarto.yml'})
  local function setting(name, default) return settings:match('\n%s*' .. name .. ':%s*"?([^%s"]+)') or default end
  local url, branch = setting('repo-url', ''), setting('repo-branch', 'main')
  local input = path.make_relative(quarto.doc.input_file, root)
  local stem = path.split_extension(path.filename(input))
  local up = path.directory(input) == '.' and '' or '../'
  local file = 'notebooks/' .. stem .. '.ipynb'
  local links = pandoc.Inlines{}
  local function add(text, target)
    if #links > 0 then links:extend{pandoc.Space(), pandoc.Str '·', pandoc.Space()} end
    links:insert(pandoc.Link(text, target))
  end
  if pcall(pandoc.system.read_file, path.join{root, file}) then
    add('Open in Colab', url:gsub('^https://github%.com/', 'https://colab.research.google.com/github/')
      .. '/blob/' .. branch .. '/' .. file)
    add('Download notebook', up .. file)
  end
  add('PDF', up .. setting('output-file', 'book') .. '.pdf')
  doc.blocks:insert(1, pandoc.Div({pandoc.Para(links)}, {'', {'surfaces'}}))
  return doc
end
