package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import java.util.ArrayList;
import java.util.List;

/// Pixels at the end of a convolution's result that no window of the pool behind it reaches are not
/// computed: the convolution's padding there shrinks. Runs before layouts change.
final class UnreadPixels {
  private UnreadPixels() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    Node producer = draft.producer(node.input(0), Op.Conv.class);
    if (producer == null
        || !(producer.op() instanceof Op.Conv conv)
        || conv.layout() != Op.Layout.CHANNELS_FIRST
        || producer.hasInput(3)
        || !(node.op() instanceof Op.Pool pool)
        || node.outputs().size() != 1
        || !draft.readOnce(producer.output())) {
      return false;
    }
    List<Dim> in = draft.fact(producer.input(0)).shape();
    List<Dim> weights = draft.fact(producer.input(1)).shape();
    List<Dim> image = draft.fact(producer.output()).shape();
    List<Dim> out = draft.fact(node.output()).shape();
    if (in == null || weights == null || image == null || out == null) {
      return false;
    }
    int rank = in.size() - 2;
    List<Long> begins = new ArrayList<>();
    List<Long> ends = new ArrayList<>();
    boolean shrinks = false;
    for (int axis = 0; axis < rank; axis++) {
      if (!(in.get(axis + 2) instanceof Dim.Known(long extent))
          || !(weights.get(axis + 2) instanceof Dim.Known(long kernel))
          || !(image.get(axis + 2) instanceof Dim.Known(long computed))
          || !(out.get(axis + 2) instanceof Dim.Known(long windows))) {
        return false;
      }
      Axis outer = Axis.of(conv.window(), axis, rank, kernel, extent, computed);
      Axis inner = Axis.of(pool.window(), axis, rank, 0, computed, windows);
      long unread = computed - inner.read(windows);
      long fewer = Math.clamp(unread, 0, outer.padding().end() / outer.stride());
      begins.add(outer.padding().begin());
      ends.add(outer.padding().end() - fewer * outer.stride());
      shrinks |= fewer > 0;
    }
    if (!shrinks || hasOtherWindows(pool.window())) {
      return false;
    }
    begins.addAll(ends);
    Op.Window window = conv.window();
    Op.Window smaller =
        new Op.Window(
            window.kernel(),
            window.strides(),
            begins,
            window.dilations(),
            Op.AutoPad.NOTSET,
            window.ceilMode());
    Op cropped = new Op.Conv(smaller, conv.groups(), conv.layout(), conv.activation());
    String pixels = draft.add(producer, cropped, producer.inputs().toArray(String[]::new));
    return draft.replace(node, pool, pixels);
  }

  /// {@return whether the windows of a pool are not the same over a smaller image}
  private static boolean hasOtherWindows(Op.Window window) {
    return window.ceilMode()
        || window.autoPad() == Op.AutoPad.SAME_UPPER
        || window.autoPad() == Op.AutoPad.SAME_LOWER
        || (window.autoPad() == Op.AutoPad.NOTSET
            && window.pads().stream().anyMatch(pad -> pad != 0));
  }

  /// A window along one dimension, with defaults and automatic padding decided.
  ///
  /// @param reach the elements from its first tap to its last
  /// @param stride the step between windows
  /// @param padding the elements around
  private record Axis(long reach, long stride, Op.Padding padding) {
    static Axis of(Op.Window window, int axis, int rank, long kernel, long in, long out) {
      long taps = window.kernel().isEmpty() ? kernel : window.kernel().get(axis);
      long dilation = window.dilations().isEmpty() ? 1 : window.dilations().get(axis);
      long stride = window.strides().isEmpty() ? 1 : window.strides().get(axis);
      long reach = (taps - 1) * dilation + 1;
      long missing = (out - 1) * stride + reach - in;
      List<Long> pads = window.pads();
      Op.Padding given =
          pads.isEmpty() ? Op.Padding.NONE : new Op.Padding(pads.get(axis), pads.get(rank + axis));
      return new Axis(reach, stride, window.autoPad().padding(missing, given));
    }

    /// {@return how many elements some windows read, from the first on}
    long read(long windows) {
      return (windows - 1) * stride + reach - padding.begin();
    }
  }
}
