import { effectsOfCall } from '../effects';

/** Calls, and the generators that they move without saying so. */
test.each([
  ['networkx.gnp_random_graph', ['numpy.random', 'random']],
  ['networkx.random_regular_graph', ['numpy.random', 'random']],
  ['networkx.spring_layout', ['numpy.random', 'random']],
  ['networkx.shortest_path', []],
  ['sklearn.model_selection.train_test_split', ['numpy.random']],
  ['seaborn.barplot', ['numpy.random']],
  ['seaborn.heatmap', []]
])('%s moves %j', (qualified, channels) => {
  const found = effectsOfCall(qualified, false, new Set());
  expect(found.map(each => each.channel).sort()).toEqual(channels);
});

test('a seed of its own leaves the generators alone', () => {
  expect(effectsOfCall('networkx.gnp_random_graph', false, new Set(['seed']))).toEqual([]);
});
