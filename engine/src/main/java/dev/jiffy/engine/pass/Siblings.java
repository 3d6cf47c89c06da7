package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/// Convolutions of one image by windows of one pixel that make a few channels each, as the heads of
/// detectors do, become one whose results are cut apart, so that vectors are full. So do depthwise
/// convolutions of channels that were cut apart. Neither changes how a channel is added up. Runs
/// when layouts are decided: channels are last.
final class Siblings {
  /// The numbers in the widest vectors; a convolution that makes as many fills them by itself.
  private static final int VECTOR = 16;

  private Siblings() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    return ofOneImage(draft, node) || ofOwnChannels(draft, node);
  }

  private static boolean ofOneImage(Draft draft, Node node) {
    if (!makesFew(draft, node)) {
      return false;
    }
    String image = node.input(0);
    List<Node> siblings = new ArrayList<>(List.of(node));
    for (Node other : draft.readersAhead(image)) {
      if (other.input(0).equals(image)
          && makesFew(draft, other)
          && other.op().equals(node.op())
          && areAlike(draft, node, other)) {
        siblings.add(other);
      }
    }
    return fillsVectors(draft, siblings) && merge(draft, node, siblings, node.op(), image);
  }

  private static boolean ofOwnChannels(Draft draft, Node node) {
    Node split = draft.producer(node.input(0), Op.Split.class);
    if (split == null
        || !(split.op() instanceof Op.Split(long axis, _))
        || !isDepthwise(draft, node)
        || Axes.normal(axis, draft.fact(node.input(0)).rank())
            != draft.fact(node.input(0)).rank() - 1) {
      return false;
    }
    List<Node> siblings = new ArrayList<>();
    for (String part : split.outputs()) {
      List<Node> readers = part.equals(node.input(0)) ? List.of(node) : draft.readersAhead(part);
      if (!draft.readOnce(part)
          || readers.size() != 1
          || !readers.getFirst().input(0).equals(part)
          || !isDepthwise(draft, readers.getFirst())
          || !withGroups(readers.getFirst(), 1).equals(withGroups(node, 1))
          || !areAlike(draft, node, readers.getFirst())) {
        return false;
      }
      siblings.add(readers.getFirst());
    }
    long channels = siblings.stream().mapToLong(each -> channels(draft, each)).sum();
    return fillsVectors(draft, siblings)
        && merge(draft, node, siblings, withGroups(node, channels), split.input(0));
  }

  /// {@return whether the channels of all together take fewer vectors}
  private static boolean fillsVectors(Draft draft, List<Node> siblings) {
    long together = 0;
    long apart = 0;
    for (Node each : siblings) {
      together += channels(draft, each);
      apart += vectors(channels(draft, each));
    }
    return vectors(together) < apart;
  }

  private static long vectors(long channels) {
    return (channels + VECTOR - 1) / VECTOR;
  }

  /// {@return whether a node is a convolution of pixels that fills less than a vector, and computes
  /// more of each than the cutting apart copies}
  private static boolean makesFew(Draft draft, Node node) {
    if (!isPlain(draft, node) || !(node.op() instanceof Op.Conv conv) || conv.groups() != 1) {
      return false;
    }
    Shape weights = weights(draft, node).shape();
    return weights.dim(0) < VECTOR
        && weights.dim(1) >= VECTOR
        && weights.elements(2, weights.rank()) == 1;
  }

  private static boolean isDepthwise(Draft draft, Node node) {
    return isPlain(draft, node)
        && node.op() instanceof Op.Conv conv
        && conv.groups() == channels(draft, node)
        && weights(draft, node).shape().dim(1) == 1;
  }

  /// {@return whether a node is a convolution of f32 by constants without residual, channels last}
  private static boolean isPlain(Draft draft, Node node) {
    return node.op() instanceof Op.Conv conv
        && conv.layout() == Op.Layout.CHANNELS_LAST
        && draft.fact(node.output()).dtype() == DType.F32
        && draft.constant(node.input(1)) != null
        && (!node.hasInput(2) || draft.constant(node.input(2)) != null)
        && !node.hasInput(3);
  }

  private static Tensor weights(Draft draft, Node conv) {
    return Objects.requireNonNull(draft.constant(conv.input(1)));
  }

  /// {@return how many channels a convolution makes}
  private static long channels(Draft draft, Node conv) {
    return weights(draft, conv).shape().dim(0);
  }

  /// {@return whether two convolutions differ in nothing but numbers and the channels they make}
  private static boolean areAlike(Draft draft, Node a, Node b) {
    long[] one = weights(draft, a).shape().dims();
    long[] other = weights(draft, b).shape().dims();
    return Arrays.equals(one, 1, one.length, other, 1, other.length)
        && a.hasInput(2) == b.hasInput(2);
  }

  private static Op withGroups(Node node, long groups) {
    Op.Conv conv = (Op.Conv) node.op();
    return new Op.Conv(conv.window(), groups, conv.layout(), conv.activation());
  }

  private static boolean merge(Draft draft, Node node, List<Node> siblings, Op op, String image) {
    String[] inputs = new String[node.hasInput(2) ? 3 : 2];
    inputs[0] = image;
    for (int i = 1; i < inputs.length; i++) {
      int own = i;
      List<Tensor> parts =
          siblings.stream()
              .map(each -> Objects.requireNonNull(draft.constant(each.input(own))))
              .toList();
      inputs[i] = draft.constant(node.input(i) + "/siblings", Constants.concat(parts, 0));
    }
    long[] sizes = siblings.stream().mapToLong(each -> channels(draft, each)).toArray();
    List<String> parts = Projections.split(draft, node, draft.add(node, op, inputs), sizes);
    String own = "";
    for (int i = 0; i < sizes.length; i++) {
      if (siblings.get(i).equals(node)) {
        own = parts.get(i);
      } else {
        draft.replaceAhead(siblings.get(i), parts.get(i));
      }
    }
    return draft.replace(node, own);
  }
}
