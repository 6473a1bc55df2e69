import { CellAnalyser } from '../../python/analyser';
import { loadParser } from '../../python/parser';
import type { StepGraph } from '../types';
import { graphOf } from './graph-of';

let analyser: CellAnalyser;
beforeAll(async () => {
  analyser = new CellAnalyser(await loadParser());
});

/** The graph of a notebook in which every cell is a step of its own: s1, s2, … */
function graphOfSources(...sources: readonly string[]): StepGraph {
  const cells = sources.map((source, index) => ({ source, tags: [`step:s${index + 1}`] }));
  return graphOf(cells, analyser);
}

/** Step `b` comes after step `a`, as far as files say so. */
function isAfter(graph: StepGraph, a: string, b: string): boolean {
  return graph.edges.some(
    ({ from, to, reasons }) => from === a && to === b && reasons.some(({ kind }) => kind === 'file')
  );
}

const WRITERS = [
  "import shutil\nshutil.copy('g', 'f.txt')",
  "import shutil\nshutil.copytree('g', 'f.txt')",
  "import shutil\nshutil.unpack_archive('g.zip')",
  "import os\nos.replace('g', 'f.txt')",
  "import os\nos.rename('g', 'f.txt')",
  "import os\nos.link('g', 'f.txt')",
  "import os\nos.symlink('g', 'f.txt')",
  "import os\nos.system('echo 1 > f.txt')",
  "import os\nos.open('f.txt', os.O_CREAT)",
  "import os\nos.remove('f.txt')",
  "import subprocess\nsubprocess.run('echo 1 > f.txt', shell=True)",
  'import subprocess\nsubprocess.Popen(command)',
  "import zipfile\nwith zipfile.ZipFile('f.txt', 'w') as z: z.writestr('a', 'A')",
  "import zipfile\nzipfile.ZipFile('g.zip').extractall()",
  "import tarfile\ntarfile.open('f.txt', mode='w:gz')",
  "import lzma\nlzma.open('f.txt', 'w')",
  "import sqlite3\nsqlite3.connect('f.txt')",
  "import shelve\nshelve.open('f')",
  "import dbm\ndbm.open('f', 'c')",
  "import numpy as np\nnp.memmap('f.txt', dtype='i4', mode='w+', shape=3)",
  "import numpy as np\nnp.lib.format.open_memmap('f.txt', mode='w+', shape=(3,))",
  "import numpy as np\nnp.save('f', [1])",
  "import numpy as np\nsave = np.save\nsave('f', [1])",
  "from urllib.request import urlretrieve\nurlretrieve('https://x.org/a', 'f.txt')",
  "import xml.etree.ElementTree as ET\nET.ElementTree(ET.Element('a')).write('f.txt')",
  "import pandas as pd\npd.HDFStore('f.txt')",
  "import pandas as pd\npd.ExcelWriter('f.txt')",
  "import pandas as pd\npd.DataFrame().to_csv(path_or_buf='f.txt')",
  "import wave\nwave.open('f.txt', 'wb')",
  "import fileinput\nfor line in fileinput.input('f.txt', inplace=True): print(line)",
  "import fileinput\nfor line in fileinput.input(['f.txt'], inplace=True): print(line)",
  "import mailbox\nmailbox.mbox('f.txt')",
  "import scipy.io\nscipy.io.savemat('f.txt', {})",
  "from scipy import sparse\nsparse.save_npz('f', m)",
  "from sklearn.tree import export_graphviz\nexport_graphviz(m, out_file='f.txt')",
  "from pathlib import Path\nPath('f.txt').symlink_to('g')",
  "from pathlib import Path\nPath('g').rename('f.txt')",
  "import joblib\njoblib.dump(m, 'f.txt')",
  "import pickle\npickle.dump(m, open('f.txt', 'wb'))",
  "import logging\nlogging.basicConfig(filename='f.txt')",
  "import cv2\ncv2.imwrite('f.txt', image)",
  'import cv2\ncv2.imwrite(place, image)',
  "import somelib\nsomelib.work('f.txt')",
  "import somelib\nsomelib.work(out=f'{here}/f.txt')",
  "tool.work('./f.txt')",
  'from pathlib import Path\ntarget = Path(here) / name\nimport somelib\nsomelib.work(target)',
  "import os\nimport somelib\nsomelib.work(os.path.join(here, 'f.txt'))",
  '!echo 1 > f.txt',
  '%%bash\necho 1 > f.txt',
  '%%writefile f.txt\n1',
  '%run make.py',
  'get_ipython().system("make")'
];

const READERS = [
  "print(open('f.txt').read())",
  "import zipfile\nzipfile.ZipFile('f.txt')",
  "import zipfile\nwith zipfile.ZipFile('g.zip', 'w') as z: z.write('f.txt')",
  "import zipfile\nzipfile.is_zipfile('f.txt')",
  "import tarfile\ntarfile.open('f.txt')",
  "import sqlite3\nsqlite3.connect('f.txt')",
  "import shelve\nshelve.open('f.txt', flag='r')",
  "from IPython.display import Image\nImage('f.txt')",
  "from IPython.display import Audio\nAudio(filename='f.txt')",
  "from IPython.display import HTML\nHTML(filename='f.txt')",
  "import configparser\nc = configparser.ConfigParser()\nc.read('f.txt')",
  "import xml.etree.ElementTree as ET\nET.parse('f.txt')",
  "import linecache\nlinecache.getline('f.txt', 1)",
  "import os\nos.access('f.txt', os.R_OK)",
  "import os\nos.path.getmtime('f.txt')",
  "import runpy\nrunpy.run_path('f.txt')",
  "import fileinput\nfor line in fileinput.input('f.txt'): print(line)",
  "import filecmp\nfilecmp.cmp('g', 'f.txt')",
  "import wave\nwave.open('f.txt')",
  "from scipy.io import loadmat\nloadmat('f.txt')",
  "from scipy.sparse import load_npz\nload_npz('f.txt')",
  "from sklearn.datasets import load_files\nload_files('f.txt')",
  "from sklearn.datasets import load_svmlight_file\nload_svmlight_file('f.txt')",
  "import matplotlib.pyplot as plt\nplt.style.use('f.txt')",
  "import pandas as pd\npd.ExcelFile('f.txt')",
  "import pandas as pd\npd.HDFStore('f.txt', 'r')",
  "import pandas as pd\npd.read_sql('select 1', engine)",
  "import somelib\nsomelib.load('f.txt')",
  '%pycat f.txt',
  '!cat f.txt',
  '%cd f.txt',
  "import os\nos.chdir('f.txt')"
];

test.each(WRITERS)('is before a reader: %s', source => {
  expect(isAfter(graphOfSources(source, "open('f.txt').read()"), 's1', 's2')).toBe(true);
});

test.each(READERS)('is after a writer and before a removal: %s', source => {
  const graph = graphOfSources("open('f.txt', 'w')", source, "import os\nos.remove('f.txt')");
  expect([isAfter(graph, 's1', 's2'), isAfter(graph, 's2', 's3')]).toEqual([true, true]);
});

const APART: readonly (readonly [string, string])[] = [
  ["open('f.txt', 'w')", "import shutil\nshutil.copy('a.txt', 'b.txt')"],
  ["import shutil\nshutil.copy('a.txt', 'b.txt')", "import shutil\nshutil.copy('a.txt', 'c.txt')"],
  ["import pandas as pd\npd.read_csv('a.csv')", "import pandas as pd\npd.read_csv('a.csv')"],
  ["open('f.txt', 'w')", "import somelib\nsomelib.load('/data/a.txt')"],
  ["open('f.txt', 'w')", "print('see f.txt', 'a/b')"],
  ["open(name, 'w')", "import matplotlib.pyplot as plt\nplt.xlabel('km/h')\nax.set_title('a/b')"],
  ["open(name, 'w')", "import pandas as pd\npd.to_datetime('1/2/2020', format='%d/%m/%Y')"],
  ["open(name, 'w')", "text.split('/')\ntext.replace('a.txt', 'b.txt')\ndf.groupby('a/b')"],
  [
    "open(name, 'w')",
    "import re, logging\nre.sub('a/b', '', text)\nlogging.getLogger('a.b').info('c/d.txt')"
  ],
  ["open(name, 'w')", "from IPython.display import HTML\nHTML('<b>x</b>')"],
  ["open(name, 'w')", "import json\njson.loads('{}')\nraise ValueError('a/b')"],
  [
    "open('f.txt', 'w')",
    "with open('g.txt') as f:\n    f.read(10)\nwith open('h.txt', 'w') as g:\n    g.write('text')"
  ],
  ["open('f.txt', 'w')", "def load(x): return x\nload('f.txt')"]
];

test.each(APART)('are not ordered: %s | %s', (one, other) => {
  expect(isAfter(graphOfSources(one, other), 's1', 's2')).toBe(false);
});

test('a relative path means another file once the folder has changed', () => {
  const graph = graphOfSources(
    "open('d/f.txt', 'w')",
    "import os\nos.chdir('d')",
    "open('f.txt').read()"
  );
  expect(isAfter(graph, 's1', 's3')).toBe(true);
});

test('a name that is bound again is no constant', () => {
  const graph = graphOfSources("p = 'a.txt'\nopen(p, 'w')\np = 'b.txt'", "open('a.txt').read()");
  expect(isAfter(graph, 's1', 's2')).toBe(true);
});

test('a function opens what its global says when it is called', () => {
  const graph = graphOfSources(
    "p = 'a.txt'\ndef f(): open(p, 'w')",
    "p = 'b.txt'\nf()",
    "open('b.txt').read()"
  );
  expect(isAfter(graph, 's2', 's3')).toBe(true);
});
