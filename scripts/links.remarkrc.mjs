// For remark: every link to a file or an anchor leads somewhere.
import validateLinks from 'remark-validate-links';
import { visit } from 'unist-util-visit';

/** TypeDoc writes anchors of its own, as HTML. */
function htmlAnchors() {
  return (tree) =>
    visit(tree, 'html', (node) => {
      const [, id] = /^<a id="([^"]+)">/.exec(node.value) ?? [];
      if (id !== undefined) node.data = { ...node.data, id };
    });
}

export default { plugins: [htmlAnchors, [validateLinks, { repository: false }]] };
