-- For Quarto: the links that our own renderer puts above a page's text. Quarto passes `_quarto.yml` as metadata.
function Pandoc(doc)
  local input = quarto and quarto.doc.input_file
  local book = doc.meta.book
  if not input or not quarto.doc.is_format 'html' or not book then return nil end
  local stem = pandoc.path.split_extension(pandoc.path.filename(input))
  local in_chapters = pandoc.path.filename(pandoc.path.directory(input)) == 'chapters'
  local up = in_chapters and '../' or ''
  local url = pandoc.utils.stringify(book['repo-url'])
  local branch = pandoc.utils.stringify(book['repo-branch'] or 'main')
  local links = pandoc.Inlines{}
  local function add(text, target)
    if #links > 0 then links:extend{pandoc.Str ' · '} end
    links:insert(pandoc.Link(text, target))
  end
  local file = 'notebooks/' .. stem .. '.ipynb'
  local root = quarto.project.directory
  local found = root and io.open(pandoc.path.join{root, file})
  if found then
    found:close()
    add('Open in Colab', url:gsub('^https://github%.com/', 'https://colab.research.google.com/github/')
      .. '/blob/' .. branch .. '/' .. file)
    add('Download notebook', up .. file)
  end
  add('PDF', up .. pandoc.utils.stringify(book['output-file']) .. '.pdf')
  doc.blocks:insert(1, pandoc.Div({pandoc.Para(links)}, {'', {'surfaces'}}))
  return doc
end
