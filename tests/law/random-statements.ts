/**
 * The statements that random notebooks are made of. In a template `$n` stands for a name of kind `n` that has a value (the same
 * name wherever it stands in the template; `$n2` is another choice), `$n!` for a name of that kind that gets one, `$i` for a digit,
 * `$e` for an expression that gives an int. A kind's letter says what a name holds, whoever gave it its value:
 *
 * n int · l list · d dict · o instance of one of the notebook's classes · C class · f function of an int that gives an int ·
 * m function that is handed a list and may change it · t tuple of containers · z set of ints · a array · w frame ·
 * q name that may have no value · h generator of random numbers of the notebook's own
 */
export type Kind = 'n' | 'l' | 'd' | 'o' | 'C' | 'f' | 'm' | 't' | 'z' | 'a' | 'w' | 'q' | 'h';

/** Names of each kind: few, so that cells meet. */
export const NAMES: Readonly<Record<Kind, readonly string[]>> = {
  n: ['n', 'm', 'k', 'len_'],
  l: ['xs', 'ys', 'zs', 'rows'],
  d: ['d', 'e', 'conf'],
  o: ['o', 'p', 'u'],
  C: ['C', 'D', 'Item'],
  f: ['f', 'g', 'h', 'step'],
  m: ['push', 'fill'],
  t: ['pair', 'both'],
  z: ['seen', 'ids'],
  a: ['arr', 'view', 'mat'],
  w: ['df', 'tab'],
  q: ['maybe', 'extra', 'opt'],
  h: ['rng']
};

/** How a name of each kind gets its first value. */
export const FIRST: Readonly<Record<Kind, string>> = {
  n: '$n! = $i',
  l: '$l! = [$i, $i2]',
  d: '$d! = {$i: $i2}',
  o: '$o! = $C($i)',
  C: 'class $C!:\n    def __init__(self, v):\n        self.v, self.items = v, []\n    def add(self, x):\n        self.items.append(x)\n    def bump(self, x=1):\n        self.v += x\n        return self.v',
  f: 'def $f!(x):\n    return x + $i',
  m: 'def $m!(target, x=0):\n    target.append(x)\n    return target',
  t: '$t! = ($l, $d)',
  z: '$z! = {$i, $i2}',
  a: '$a! = np.arange(6)',
  w: "$w! = pd.DataFrame({'A': [1, 2, 3], 'B': [4, 5, $i]})",
  q: '$q! = $i',
  h: '$h! = random.Random($i)'
};

/** Expressions that give an int. */
export const EXPRESSIONS: readonly string[] = [
  '$i',
  '$n',
  '$n + $i',
  'num($l)',
  'num($d)',
  'len($l)',
  'num($d.get($i, -1))',
  'num($o.v)',
  'len($o.items)',
  '$f($i)',
  '$f($n)',
  '$o.bump()',
  'sum(v for v in $l if isinstance(v, int))',
  'num(max([v for v in $l if isinstance(v, int)], default=0))',
  'len($z)',
  'num($t[0])',
  '(lambda x: x + $n)($i)',
  '$n if $n2 > 3 else $i'
];

type Templates = readonly (readonly [weight: number, template: string])[];

/** Plain values: assignments of every kind. */
const ASSIGNMENTS: Templates = [
  [3, '$n! = $e'],
  [2, '$n += $i'],
  [1, '$n! = $n2! = $e'],
  [1, '$n!, $n2! = $i, $e'],
  [1, '$n!, *$l! = [$e, $i, $i2]'],
  [1, '*$l!, $n! = [$i, $l2, $e]'],
  [1, 'print(($n! := $e))'],
  [1, 'if ($n! := $e) > 4:\n    $l.append($n)'],
  [1, '$l!, $l2! = $l3, [$i]'],
  [2, '$l! = $l2! = [$e]'],
  [1, '[$n!, [$n2!, *$l!]] = [$i, [$i2, $e, 7]]'],
  [1, 'tmp = $e\n$n! = tmp\ndel tmp'],
  [1, '$n!: int = $e'],
  [1, 'for $n! in range($i + 1):\n    pass'],
  [1, '$n! = sum($n for $n in range($i))'],
  [1, '$l! = [$n for $n in range($i)]']
];

/** Changes in place, and names that share objects. */
const SHARING: Templates = [
  [3, '$l.append($e)'],
  [2, '$l! = $l2'],
  [2, '$l! = [$e]'],
  [2, '$l! = [$l2, $i]'],
  [1, '$l.append($l2) if $l is not $l2 and len($l) < 6 else None'],
  [2, '$l[:] = [$e]'],
  [1, '$l += [$e]'],
  [1, '$l = $l + [$e]'],
  [1, '$l *= 2 if len($l) < 4 else 1'],
  [1, '$l! = $l2[:]'],
  [1, '$l! = list($l2)'],
  [1, '$l! = copy.copy($l2)'],
  [1, '$l! = copy.deepcopy($l2)'],
  [1, '$l! = [*$l2, $i]'],
  [1, '$l! = sorted($l2, key=num)'],
  [1, '$l.sort(key=num)'],
  [1, '$l.insert(0, $e)'],
  [1, 'del $l[:1]'],
  [1, '$l.pop() if len($l) > 1 else None'],
  [1, '$l! = $l2 if $n > 3 else $l3'],
  [1, '$l! = $l2 or [$i]'],
  [1, 'for each in $l:\n    each.append($i) if isinstance(each, list) and len(each) < 6 else None'],
  [1, 'for each in [$l, $l2]:\n    each.append($i)'],
  [1, 'for each in ($l, list($l2)):\n    each += [$i]'],
  [
    1,
    'for part in $d.values():\n    part.append($i) if isinstance(part, list) and len(part) < 6 else None'
  ],
  [1, '[each.append($i) for each in ($l, $l2)]'],
  [1, 'any(each.append($i) for each in [$l, $l2])'],
  [1, 'list(map(lambda each: each.append($i), [$l, $l2]))'],
  [1, 'first, *others = $l, $l2\nothers[0].append($i)\ndel first, others'],
  [1, 'head = $l\nhead.append($e)\ndel head'],
  [1, '(lambda z: z.append($i))($l)'],
  [1, 'getattr($l, "append")($i)'],
  [1, 'list.append($l, $e)'],
  [1, 'add = $l.append\nadd($i)'],
  [1, 'with contextlib.suppress(Exception):\n    $l.append($e)'],
  [1, 'with contextlib.nullcontext($l) as $l2!:\n    $l2.append($i)'],
  [1, 'match [$l, $i]:\n    case [$l2!, int(y)]:\n        $l2.append(y)'],
  [1, 'match $d:\n    case {0: $q!}:\n        pass\n    case _:\n        $n! = $n2 + 1'],
  [2, '$d[$i] = $e'],
  [2, '$d[$i] = $l'],
  [1, '$d! = {$i: $l, "k": $d2}'],
  [2, '$d! = $d2'],
  [1, '$d.update({$i: $l})'],
  [1, '$d.setdefault($i, []).append($i2) if isinstance($d.get($i, []), list) else None'],
  [1, '$d.pop($i, None)'],
  [1, '$d |= {$i: $e}'],
  [1, '$d! = {**$d2, $i: $e}'],
  [1, '$d! = dict($d2)'],
  [1, '$d! = {a: b for a, b in $d2.items()}'],
  [1, '$d! = dict(zip(range(2), [$l, $l2]))'],
  [1, '$d! = collections.defaultdict(list)\n$d[$i].append($e)'],
  [1, '$d! = collections.OrderedDict([($i, $l)])'],
  [1, '$d! = collections.Counter([$i, $i2, $i])'],
  [1, '$d! = dict(sorted($d2.items(), key=lambda pair: num(pair[0])))'],
  [1, '$d[$i], $d2[$i2] = $l, $l'],
  [2, '$t! = ($l, $d)'],
  [1, '$t! = ($l2, $d2, $l2)'],
  [2, '$t[0].append($i)'],
  [1, '$t[1][$i] = $e'],
  [1, '$l!, $d! = $t[:2]'],
  [1, '$l! = $t[0]'],
  [1, '$z.add($e)'],
  [1, '$z |= {$i}'],
  [1, '$z! = $z2'],
  [1, '$z! = {num(v) for v in $l}'],
  [1, '$z.discard($i)'],
  [1, '$l! = [[]] * 3\n$l[0].append($i)'],
  [1, '$l! = [[] for _ in range(2)]'],
  [1, '$l! = [lambda: $n]'],
  [1, '$l! = [v for v in $l2 if isinstance(v, list)] or [$l2]'],
  [1, 'it = iter([$l, $l2])\nnext(it).append($i)\ndel it'],
  [1, '$l! = next(v for v in [$l2, $l3])'],
  [1, '$l! = list(itertools.chain([$l2], [$i]))'],
  [1, '$l! = functools.reduce(lambda a, b: a, [$l2, $l3])'],
  [1, 'heapq.heappush($l2, 0) if all(isinstance(v, int) for v in $l2) else None'],
  [1, '$l! = types.SimpleNamespace(inner=$l2).inner'],
  [1, 'ref = weakref.ref($o)\n$n! = num(ref().v)\ndel ref']
];

/** Functions, closures, decorators, and what they change. */
const FUNCTIONS: Templates = [
  [2, 'def $f!(x):\n    return x + $n'],
  [1, 'def $f!(x):\n    return num($l) + x'],
  [1, 'def $f!(x):\n    $l.append(x)\n    return len($l)'],
  [1, 'def $f!(x):\n    global $n\n    $n = x + 1\n    return $n'],
  [1, 'def $f!(x):\n    return $f2(x) + 1 if x > 0 and $f2 is not $f else x'],
  [1, 'def $f!(x, acc=[]):\n    acc.append(x)\n    return len(acc)'],
  [1, 'def $f!(x, start=$n):\n    return x + start'],
  [1, 'def $f!(x, *, into=$l):\n    into.append(x)\n    return len(into)'],
  [2, '$f! = lambda x: x * 2 + $n'],
  [1, '$f! = lambda x, b=$n: x + b'],
  [1, '$f! = functools.partial(lambda a, x: num(a) + x, $l)'],
  [
    1,
    'def make(start):\n    count = start\n    def inner(x):\n        nonlocal count\n        count += x\n        return count\n    return inner\n$f! = make($i)'
  ],
  [
    1,
    'def twins():\n    box = [0]\n    def put(x):\n        box[0] += x\n        return box[0]\n    def get(x):\n        return box[0] + x\n    return put, get\n$f!, $f2! = twins()'
  ],
  [
    1,
    'def capture(box):\n    def inner(x):\n        box.append(x)\n        return len(box)\n    return inner\n$f! = capture($l)'
  ],
  [
    1,
    'def counted(fn):\n    @functools.wraps(fn)\n    def wrapper(x):\n        wrapper.calls += 1\n        return fn(x) + wrapper.calls\n    wrapper.calls = 0\n    return wrapper\n@counted\ndef $f!(x):\n    return x + $n'
  ],
  [1, '@functools.lru_cache(maxsize=None)\ndef $f!(x):\n    return x + $n'],
  [1, '$f! = $f2'],
  [1, '$f! = $o.bump'],
  [1, '$f! = {"a": lambda x: x + $n, "b": $f2}["a"]'],
  [1, 'table = {"a": lambda x: x + $n, "b": $f}\n$n2! = table["b"]($i) + table["a"]($i)'],
  [
    1,
    'def $f!(x):\n    def inner():\n        global $n\n        $n = x\n    inner()\n    return $n'
  ],
  [
    1,
    'def $f!(x):\n    try:\n        return 10 // x\n    except ZeroDivisionError:\n        return $n\n    finally:\n        $l.append(x)'
  ],
  [1, 'def $f!(x):\n    $o.v = x\n    return num($o.v)'],
  [1, 'def $f!(x):\n    alias = $l\n    alias.append(x)\n    return len(alias)'],
  [1, 'def $f!(x):\n    for each in [$l, $l2]:\n        each.append(x)\n    return x'],
  [1, 'def $f!(x):\n    $d.setdefault("log", []).append(x)\n    return x'],
  [1, 'def $f!(x):\n    globals()["$n"] = x\n    return x'],
  [
    1,
    'def $f!(x):\n    return sum(gen(x)) if "gen" in globals() else x\ndef gen(x):\n    for i in range(num(x) % 4):\n        yield i + $n'
  ],
  [
    1,
    'if $n > 3:\n    def $f!(x):\n        return x - 1\nelse:\n    def $f!(x):\n        return x + $n'
  ],
  [
    1,
    '$f.note = getattr($f, "note", 0) + 1 if hasattr($f, "__dict__") and not isinstance($f, types.MethodType) else 0'
  ],
  [2, 'def $m!(target, x=0):\n    target.append(x)\n    return target'],
  [1, 'def $m!(target, x=0):\n    target[:] = [x]\n    return target'],
  [1, 'def $m!(target, x=0):\n    target = target + [x]\n    return target'],
  [
    1,
    'def $m!(target, x=0):\n    $l.append(target) if target is not $l and len($l) < 6 else None\n    return $l'
  ],
  [
    1,
    'def $m!(target, x=0, seen=[]):\n    seen.append(x)\n    target.append(len(seen))\n    return seen'
  ],
  [
    1,
    'def $m!(*args):\n    for each in args[:1]:\n        each.append(len(args))\n    return args[0]'
  ],
  [1, 'def $m!(target, x=0, **more):\n    $d["last"] = target\n    return target'],
  [1, 'def $m!(target, x=0):\n    target += [x]\n    return list(target)'],
  [
    1,
    'def $m!(target, x=0):\n    inner = lambda: target.append(x)\n    inner()\n    return target'
  ],
  [1, '$m! = lambda target, x=0: (target.append(x), target)[1]'],
  [1, '$m! = functools.partial(lambda extra, target, x=0: (extra.append(x), target)[1], $l)'],
  [3, '$m($l)'],
  [2, '$l! = $m($l2, $i)'],
  [1, '$m($t[0], $i)'],
  [1, '$m(*[$l, $i])'],
  [
    1,
    '$m(target=$l) if $m.__name__ == "$m" and "target" in getattr($m, "__code__", show.__code__).co_varnames else None'
  ],
  [1, 'for each in [$l, $l2]:\n    $m(each)'],
  [1, '[$m(each) for each in [$l, $l2]]'],
  [1, 'list(map($m, [$l, $l2]))'],
  [1, 'def call(fn, *args):\n    return fn(*args)\ncall($m, $l)'],
  [1, '$n! = $f($i)'],
  [1, '$n! = $f($f2($i))'],
  [1, '$f($i)'],
  [1, '$n! = sum(map($f, [1, $i]))'],
  [1, 'stream = ($f(v) for v in range(3))\n$l! = list(stream)\ndel stream'],
  [1, 'def run():\n    return $f($i) + $n\n$n2! = run()'],
  [1, '$n! = functools.reduce(lambda a, b: a + $f(b), [1, $i], 0)']
];

/** Bodies of methods by what they do. `bump`, `add`, `v` and `items` are what every class of the notebooks has. */
const CLASSES: Templates = [
  [1, FIRST.C],
  [
    1,
    'class $C!:\n    shared = []\n    def __init__(self, v):\n        self.v = v\n        self.items = self.shared\n    def add(self, x):\n        self.items.append(x)\n    def bump(self, x=1):\n        type(self).shared.append(x)\n        return len(self.shared)'
  ],
  [
    1,
    'class $C!:\n    made = 0\n    def __init__(self, v):\n        $C.made += 1\n        self.v, self.items = v, [$C.made]\n    def add(self, x):\n        self.items.append(x + $n)\n    def bump(self, x=1):\n        self.v = num(self.v) + x\n        return self.v'
  ],
  [
    1,
    'class $C!:\n    def __init__(self, v, items=$l):\n        self.v, self.items = v, items\n    def add(self, x):\n        self.items.append(x)\n        $l.append(x)\n    def bump(self, x=1):\n        global $n\n        $n += x\n        return $n'
  ],
  [
    1,
    'class $C!:\n    log = $l\n    def __init__(self, v):\n        self.v, self.items = v, []\n    def add(self, x):\n        self.log.append(x)\n    def bump(self, x=1):\n        return len(self.log) + x'
  ],
  [
    1,
    '@dataclasses.dataclass\nclass $C!:\n    v: object\n    items: list = dataclasses.field(default_factory=list)\n    def add(self, x):\n        self.items.append(x)\n    def bump(self, x=1):\n        return num(self.v) + len(self.items)'
  ],
  [
    1,
    'class $C!:\n    __slots__ = ("v", "items")\n    def __init__(self, v):\n        self.v, self.items = v, []\n    def add(self, x):\n        self.items.append(x)\n    def bump(self, x=1):\n        self.items.append(x)\n        return len(self.items)'
  ],
  [
    1,
    'class $C!:\n    def __init__(self, v):\n        self._v, self.items = v, []\n    @property\n    def v(self):\n        self.items.append(0)\n        return self._v\n    @v.setter\n    def v(self, value):\n        self._v = value\n    def add(self, x):\n        self.items.append(x)\n    @staticmethod\n    def bump(x=1):\n        return x + $n'
  ],
  [
    2,
    'class $C!($C2 if $C2.__name__ != "$C" else object):\n    def __init__(self, v):\n        self.v, self.items = v, [1]\n    def add(self, x):\n        $d["added"] = self.items\n        self.items.append(x)\n    def bump(self, x=1):\n        return num(self.v) + $f(x)'
  ],
  [
    1,
    'class $C!:\n    everyone = []\n    def __init__(self, v):\n        self.v, self.items = v, []\n        self.everyone.append(self.items)\n    def add(self, x):\n        for each in self.everyone[:3]:\n            each.append(x)\n    @classmethod\n    def bump(cls, x=1):\n        cls.everyone.append([x])\n        return len(cls.everyone)'
  ],
  [
    1,
    'class Sub($C):\n    extra = $i\n    def bump(self, x=1):\n        return num(super().bump(x)) + self.extra\n$o! = Sub($i)'
  ],
  [3, '$o! = $C($e)'],
  [1, '$o! = $C($l)'],
  [2, '$o! = $o2'],
  [2, '$o.v = $e'],
  [2, '$o.v = $l'],
  [2, '$o.items = $l'],
  [2, '$o.add($i)'],
  [1, '$o.bump($i)'],
  [1, '$l! = $o.items'],
  [1, '$o.items.append($i)'],
  [1, '$o.items, $o2.items = $o2.items, $o.items'],
  [1, '$o.v = $o2'],
  [1, 'setattr($o, "v", $e)'],
  [1, 'vars($o).update(v=$i) if hasattr($o, "__dict__") and "v" in vars($o) else None'],
  [1, '$C.tag = $i'],
  [1, 'print(getattr($C, "tag", None), $C.__name__)'],
  [1, '$C.extra_list = $l\n$C.extra_list.append($i)'],
  [1, '$C.bump = lambda self, x=1: x + $n'],
  [1, '$C! = $C2'],
  [1, '$l! = [$C($i), $C2($i2)]'],
  [1, '$d! = {"o": $o, "l": $o.items}'],
  [1, 'print(isinstance($o, $C), type($o).__name__)'],
  [1, '$o! = copy.copy($o2)'],
  [1, 'for each in [$o, $o2]:\n    each.add($i)'],
  [1, '[each.add($i) for each in [$o, $o2]]'],
  [1, 'def poke(thing):\n    thing.items.append($i)\n    return thing\npoke($o)'],
  [1, '$o! = (lambda thing: thing)($o2)'],
  [1, 'kinds = {"a": $C}\n$o! = kinds["a"]($i)'],
  [
    1,
    'class Node:\n    def __init__(self, link):\n        self.link = link\nnode = Node($l)\nnode.link.append($i)'
  ],
  [1, 'Pair = collections.namedtuple("Pair", "one two")\n$t! = Pair($l, $d)'],
  [
    1,
    'class Color(enum.Enum):\n    RED = $i\n    BLUE = 11\n$n! = Color.RED.value\nprint(Color.BLUE is Color(11))'
  ]
];

/** Branches, loops, exceptions, deletions. */
const FLOW: Templates = [
  [1, 'if $n > 4:\n    $n2! = $e'],
  [1, 'if $n % 2:\n    $l.append($e)\nelse:\n    $l! = [$i]'],
  [1, 'if $n % 2:\n    $l! = $l2\nelif $n > 3:\n    $l! = [$i]'],
  [1, 'for i in $l:\n    $n! = i if isinstance(i, int) else $n'],
  [1, 'for i in range($i):\n    if i == 3:\n        break\nelse:\n    $n! = $n2 + 1'],
  [1, 'i = 0\nwhile i < $i % 4:\n    i += 1\n    $l.append(i)\nelse:\n    $l.append(-1)'],
  [
    1,
    'try:\n    $n! = 1 // ($e)\nexcept Exception as err:\n    $n! = 0\n    $l.append(type(err).__name__)'
  ],
  [
    1,
    'try:\n    $l[$i].append($i)\nexcept (IndexError, AttributeError, TypeError):\n    $l! = []\nelse:\n    $n! = 5\nfinally:\n    $n2! = $n3 + 1'
  ],
  [
    1,
    'try:\n    $l.append($i)\n    raise ValueError($n)\nexcept ValueError as error:\n    $n2! = error.args[0]'
  ],
  [
    1,
    'with contextlib.suppress(ZeroDivisionError):\n    $l.append(1)\n    1 / 0\n    $l.append(2)'
  ],
  [
    1,
    'with contextlib.redirect_stdout(io.StringIO()) as buffer:\n    print($e)\n$n! = len(buffer.getvalue())\ndel buffer'
  ],
  [1, 'assert $l is not None, $n'],
  [2, 'if $n > 4:\n    $q! = $e'],
  [1, 'if $n > 4:\n    $q! = $l'],
  [1, 'for $q! in $l[:1]:\n    pass'],
  [1, 'try:\n    $q! = 10 // $n\nexcept ZeroDivisionError:\n    pass'],
  [1, '$q! = $l'],
  [1, 'if $n % 2 and "$q" in globals():\n    del $q'],
  [1, 'try:\n    del $q\nexcept NameError:\n    print("no $q")'],
  [2, 'try:\n    print("$q", show($q))\nexcept NameError:\n    print("$q is not there")'],
  [1, '$q! = $i\nif $n > 3:\n    del $q'],
  [1, 'try:\n    $q.append($i)\nexcept (NameError, AttributeError):\n    $q! = []'],
  [1, 'print("$q" in globals())'],
  [1, 'exec("$n = $i + 1")'],
  [1, 'exec("$l.append($i)")'],
  [1, 'print(eval("$n + 1"))'],
  [1, 'globals()["$n"] = $i'],
  [1, 'print(globals().get("$q"))'],
  [1, 'len_ = len\nlen = lambda x: 7\nprint(len([]))\ndel len\nlen_ = 3'],
  [1, 'sum = $n\nprint(sum)\ndel sum'],
  [
    1,
    'math.floor\nfrom math import floor\n$n! = floor(3.7)\nfloor = lambda x: x\n$n! = floor($n2)'
  ],
  [1, 'import math as mathematics\n$n! = mathematics.gcd(12, $i)']
];

/** State that is in no name. */
const AMBIENT: Templates = [
  [1, 'random.seed($i)'],
  [2, '$n! = random.randrange(100)'],
  [1, 'random.shuffle($l)'],
  [1, '$l! = random.sample(range(20), 3)'],
  [1, 'def $f!(x):\n    return x + random.randrange(10)'],
  [1, '$h! = random.Random($i)'],
  [2, '$n! = $h.randrange(100)'],
  [1, '$h.shuffle($l)'],
  [1, 'os.environ["NP_X"] = str($e)'],
  [1, 'print(os.environ.get("NP_X"))'],
  [1, 'os.environ.pop("NP_X", None)'],
  [1, 'decimal.getcontext().prec = 4 + $i'],
  [1, 'print(decimal.Decimal(1) / 7)'],
  [2, 'warnings.filterwarnings("ignore", message="m$i")'],
  [
    1,
    'print([f[1].pattern for f in warnings.filters if f[1] is not None and f[1].pattern in ("m0", "m1", "m2", "m3")])'
  ],
  [1, 'sys.path.append("extra$i")'],
  [1, 'print([p for p in sys.path if p.startswith("extra")])'],
  [1, 'with open("file$i.txt", "w") as out:\n    out.write(str($e))'],
  [1, 'with open("file.txt", "a") as out:\n    out.write(str($n))\nprint(open("file.txt").read())'],
  [1, 'print(os.path.exists("file$i.txt"))'],
  [1, 'print(sorted(p for p in os.listdir(".") if p.endswith(".txt")))'],
  [1, 'pathlib.Path("file$i.txt").write_text("w")'],
  [1, 'os.makedirs("sub", exist_ok=True)\nos.chdir("sub")'],
  [1, 'sys.setrecursionlimit(900 + $i)\nprint(sys.getrecursionlimit())'],
  [1, 'counter = itertools.count($i)\n$n! = next(counter)'],
  [1, 'print(next(counter) if "counter" in globals() else None)']
];

/** Arrays and frames; only in the notebooks that have numpy and pandas. */
const ARRAYS: Templates = [
  [2, '$a! = np.arange(6) + $i'],
  [2, '$a! = $a2'],
  [2, '$a! = $a2[1:]'],
  [1, '$a! = $a2.copy()'],
  [1, '$a! = $a2.reshape(-1)[::-1]'],
  [2, '$a[0] = $i'],
  [2, '$a += $i'],
  [1, '$a[$a > 3] = 0'],
  [1, 'np.add($a, 1, out=$a)'],
  [1, '$a.sort()'],
  [1, '$a.fill($i)'],
  [1, '$a! = $a2[$a2 > 2]'],
  [1, '$d[$i] = $a'],
  [1, '$l! = [$a, $a]'],
  [1, '$n! = int($a.sum())'],
  [1, 'np.random.seed($i)'],
  [1, '$a! = np.random.randint(0, 9, 4)'],
  [1, 'np.random.shuffle($a)'],
  [1, 'np.set_printoptions(precision=$i, threshold=50)'],
  [1, 'def scale(z):\n    z *= 2\n    return z\n$a! = scale($a2)'],
  [1, '$w! = $w2'],
  [1, '$w! = $w2.copy()'],
  [2, "$w['A'] = $i"],
  [1, "$w['C'] = $w['A'] + $n"],
  [1, "$w.loc[0, 'B'] = $i"],
  [1, "$w.drop(columns='C', inplace=True, errors='ignore')"],
  [1, "$w! = $w2[$w2['A'] > 1]"],
  [1, "$a! = $w['B'].to_numpy().copy()"],
  [
    1,
    "$w! = pd.DataFrame({'A': $l3, 'B': 1}) if all(isinstance(v, int) for v in $l3) and $l3 else $w2"
  ],
  [1, "col = $w['A']\n$n! = int(col.sum())"],
  [1, "$w['A'] += 1"],
  [1, "$w.attrs['note'] = $i"],
  [1, '$d["frame"] = $w'],
  [1, "$w! = $w2.assign(A=lambda t: t['A'] + $n)"],
  [1, "print($w.groupby('A').size().to_dict())"],
  [1, 'pd.set_option("display.max_rows", 10 + $i)\nprint(pd.get_option("display.max_rows"))']
];

/** What shows what names hold, and which are one object. */
const OBSERVATIONS: Templates = [
  [3, 'print(show($l))'],
  [2, 'print(show($d))'],
  [2, 'print(show($o))'],
  [2, 'print($n, $n2)'],
  [2, 'print($l is $l2, $l3 is $t[0])'],
  [2, 'print($o is $o2, $o.items is $l)'],
  [1, 'print([v is $l for v in $d.values()])'],
  [1, 'print($d is $d2, $t[1] is $d)'],
  [1, 'print(show($t))'],
  [1, 'print($f($i))'],
  [1, 'print(sorted($z), $z is $z2)'],
  [1, '$n'],
  [1, 'show($l)'],
  [1, 'print(any(v is $l2 for v in $l))'],
  [1, 'print(list($d), $f is $f2)']
];

/** What fails in Run All: the same cell fails in the same way. */
export const FAILURES: readonly string[] = [
  'raise ValueError($n)',
  'print(1 // 0)',
  '$l[99]',
  'assert not $i, show($l)',
  '$d["nothing"]',
  'raise RuntimeError(show($o))',
  'nowhere'
];

/** All that a cell may hold, weighted, without and with arrays. */
export const STATEMENTS: Templates = [
  ...ASSIGNMENTS,
  ...SHARING,
  ...FUNCTIONS,
  ...CLASSES,
  ...FLOW,
  ...AMBIENT,
  ...OBSERVATIONS
];
export const ARRAY_STATEMENTS: Templates = [
  ...STATEMENTS,
  ...ARRAYS.map(([w, t]) => [w * 4, t] as const)
];

/** What belongs into a definition cell. */
export const DEFINITIONS: Templates = [...FUNCTIONS, ...CLASSES].filter(([, text]) =>
  /^(@[^\n]*\n)*(def|class) [^\n]*(\n {4}[^\n]*)*$/.test(text)
);

/** Modules that the statements use. */
export const IMPORTS =
  'import collections, contextlib, copy, dataclasses, decimal, enum, functools, heapq, io, itertools, math, os, pathlib, random, sys, types, warnings, weakref';

/** Functions that all cells use to look at values. */
export const LOOKING = `def show(x, depth=0):
    if depth > 4:
        return '...'
    if isinstance(x, (list, tuple)):
        return [show(v, depth + 1) for v in x[:8]]
    if isinstance(x, dict):
        return {str(a): show(b, depth + 1) for a, b in x.items()}
    if isinstance(x, (int, float, str, type(None))):
        return x
    if isinstance(x, (set, frozenset)):
        return sorted(map(str, x))
    if hasattr(x, 'tolist'):
        return x.tolist()
    if hasattr(x, 'to_dict'):
        return x.to_dict('list')
    if hasattr(x, 'items') and hasattr(x, 'bump') and not isinstance(x, type):
        return [type(x).__name__, show(x.v, depth + 1), show(x.items, depth + 1)]
    return getattr(x, '__name__', type(x).__name__)
def num(x):
    return x if isinstance(x, int) else len(x) if hasattr(x, '__len__') else 0`;
