/** Which names may share objects, as the notebook goes on: an undirected graph whose connected parts are the classes. */
export class AliasClasses {
  /** The names may share objects from now on. */
  join(a: string, b: string): void {
    this.neighbours(a).add(b);
    this.neighbours(b).add(a);
  }

  /** The name certainly got a new value: it leaves its class; the others stay together. */
  leave(name: string): void {
    const others = [...(this.edges.get(name) ?? [])];
    this.edges.delete(name);
    others.forEach(each => this.edges.get(each)?.delete(name));
    for (const [index, each] of others.entries()) {
      if (index > 0) {
        this.join(others[0], each);
      }
    }
  }

  /** All names that may share objects with `name`, itself left out. */
  sharing(name: string): readonly string[] {
    const seen = new Set([name]);
    const queue = [name];
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      for (const each of this.edges.get(at) ?? []) {
        if (!seen.has(each)) {
          seen.add(each);
          queue.push(each);
        }
      }
    }
    seen.delete(name);
    return [...seen];
  }

  private neighbours(name: string): Set<string> {
    let found = this.edges.get(name);
    if (!found) {
      found = new Set();
      this.edges.set(name, found);
    }
    return found;
  }

  private readonly edges = new Map<string, Set<string>>();
}
