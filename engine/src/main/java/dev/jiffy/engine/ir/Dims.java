package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Exact arithmetic on dimensions: on numbers directly, on symbols through their [Polynomial].
///
/// Overflow is an [ArithmeticException].
final class Dims {
  static final Dim ZERO = Dim.of(0);
  static final Dim ONE = Dim.of(1);

  private Dims() {}

  static Dim add(Dim a, Dim b) {
    if (a instanceof Dim.Known x && b instanceof Dim.Known y) {
      return Dim.of(Math.addExact(x.value(), y.value()));
    }
    return Polynomial.of(a).plus(Polynomial.of(b)).dim();
  }

  static Dim add(Dim a, long b) {
    if (a instanceof Dim.Known x) {
      return Dim.of(Math.addExact(x.value(), b));
    }
    return b == 0 ? a : Polynomial.of(a).plus(Polynomial.of(b)).dim();
  }

  static Dim subtract(Dim a, Dim b) {
    if (a instanceof Dim.Known x && b instanceof Dim.Known y) {
      return Dim.of(Math.subtractExact(x.value(), y.value()));
    }
    return Polynomial.of(a).minus(Polynomial.of(b)).dim();
  }

  static Dim multiply(Dim a, Dim b) {
    if (a instanceof Dim.Known x) {
      if (b instanceof Dim.Known y) {
        return Dim.of(Math.multiplyExact(x.value(), y.value()));
      }
      if (x.value() == 1) {
        return b;
      }
    }
    return b.is(1) ? a : Polynomial.of(a).times(Polynomial.of(b)).dim();
  }

  static Dim multiply(Dim a, long b) {
    if (a instanceof Dim.Known x) {
      return Dim.of(Math.multiplyExact(x.value(), b));
    }
    return b == 1 ? a : Polynomial.of(a).times(Polynomial.of(b)).dim();
  }

  /// The quotient rounded down; a known divisor must be positive.
  static Dim floorDivide(Dim a, Dim b) {
    if (b instanceof Dim.Known y) {
      if (y.value() <= 0) {
        throw new ModelException("a dimension is divided by " + y.value());
      }
      if (y.value() == 1) {
        return a;
      }
      if (a instanceof Dim.Known x) {
        return Dim.of(Math.floorDiv(x.value(), y.value()));
      }
    }
    return Polynomial.of(a).floorDividedBy(Polynomial.of(b)).dim();
  }

  static Dim ceilDivide(Dim a, long b) {
    return floorDivide(add(a, b - 1), Dim.of(b));
  }

  /// Whether the form alone shows that the number is at least `bound`.
  static boolean atLeast(Dim a, long bound) {
    if (a instanceof Dim.Known x) {
      return x.value() >= bound;
    }
    return Polynomial.of(a).minus(Polynomial.of(bound)).isNonNegative();
  }

  static Dim min(Dim a, Dim b) {
    return extreme("min", a, b);
  }

  static Dim max(Dim a, Dim b) {
    return extreme("max", a, b);
  }

  private static Dim extreme(String name, Dim a, Dim b) {
    boolean min = name.equals("min");
    if (a instanceof Dim.Known x && b instanceof Dim.Known y) {
      return (x.value() <= y.value()) == min ? a : b;
    }
    if (atLeast(subtract(b, a), 0)) {
      return min ? a : b;
    }
    if (atLeast(subtract(a, b), 0)) {
      return min ? b : a;
    }
    return function(name, a, b);
  }

  /// An atom for a commutative function of two dimensions; a known argument comes last.
  private static Dim function(String name, Dim a, Dim b) {
    boolean swap =
        a instanceof Dim.Known
            || (b instanceof Dim.Symbol && a.toString().compareTo(b.toString()) > 0);
    return Polynomial.atom(name + "(" + (swap ? b + "," + a : a + "," + b) + ")").dim();
  }

  /// The common extent of two dimensions that must be equal or 1.
  ///
  /// @return null where they are known to be neither
  static @Nullable Dim broadcast(Dim a, Dim b) {
    if (a.is(1) || a.equals(b)) {
      return b;
    }
    if (b.is(1)) {
      return a;
    }
    if (a instanceof Dim.Known) {
      return b instanceof Dim.Known ? null : a;
    }
    if (b instanceof Dim.Known) {
      return b;
    }
    // a dimension cut to at most n > 1 fits the uncut one only where nothing was cut
    if (isCut(a, b)) {
      return b;
    }
    return isCut(b, a) ? a : function("broadcast", a, b);
  }

  private static boolean isCut(Dim cut, Dim whole) {
    String name = cut.toString();
    int last = name.lastIndexOf(',') + 1;
    return name.startsWith("min(" + whole + ",")
        && isNumber(name, last, name.length() - 1)
        && name.endsWith(")")
        && !name.endsWith(",1)");
  }

  private static boolean isNumber(String text, int begin, int end) {
    for (int i = begin; i < end; i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return begin < end;
  }

  /// The better known of two dimensions that must be equal.
  ///
  /// @return null where they are known to differ
  static @Nullable Dim merge(Dim a, Dim b) {
    if (a.equals(b)) {
      return a;
    }
    if (a instanceof Dim.Known) {
      return b instanceof Dim.Known ? null : a;
    }
    if (b instanceof Dim.Known) {
      return b;
    }
    String x = a.toString();
    String y = b.toString();
    boolean first = x.length() != y.length() ? x.length() < y.length() : x.compareTo(y) <= 0;
    return first ? a : b;
  }

  /// The number of elements.
  static Dim product(List<Dim> dims) {
    return product(dims, 0, dims.size());
  }

  static Dim product(List<Dim> dims, int from, int to) {
    for (int i = from; i < to; i++) {
      if (dims.get(i).is(0)) {
        return ZERO;
      }
    }
    long number = 1;
    Dim symbols = ONE;
    for (int i = from; i < to; i++) {
      if (dims.get(i) instanceof Dim.Known known) {
        number = Math.multiplyExact(number, known.value());
      } else {
        symbols = multiply(symbols, dims.get(i));
      }
    }
    return multiply(symbols, number);
  }

  /// The number of elements where it is a known number, which an extent of 0 makes it in any case;
  /// else null.
  static @Nullable Long knownProduct(List<Dim> dims) {
    boolean isKnown = true;
    long product = 1;
    for (Dim dim : dims) {
      if (dim.is(0)) {
        return 0L;
      } else if (dim instanceof Dim.Known known) {
        product = isKnown ? Math.multiplyExact(product, known.value()) : product;
      } else {
        isKnown = false;
      }
    }
    return isKnown ? product : null;
  }

  /// The shape that two shapes broadcast to; null where a rank is not known.
  static @Nullable List<Dim> broadcast(@Nullable List<Dim> a, @Nullable List<Dim> b) {
    if (a == null || b == null) {
      return null;
    }
    if (a.equals(b)) {
      return a;
    }
    int rank = Math.max(a.size(), b.size());
    Dim[] dims = new Dim[rank];
    for (int i = 0; i < rank; i++) {
      int ia = i - rank + a.size();
      int ib = i - rank + b.size();
      Dim dim = ia < 0 ? b.get(ib) : ib < 0 ? a.get(ia) : broadcast(a.get(ia), b.get(ib));
      if (dim == null) {
        throw new ModelException(
            "shapes do not broadcast: expected extents equal or 1, got "
                + text(a)
                + " and "
                + text(b));
      }
      dims[i] = dim;
    }
    return List.of(dims);
  }

  /// The shape `to`, checked that `from` broadcasts to it.
  static void checkBroadcastTo(String what, @Nullable List<Dim> from, @Nullable List<Dim> to) {
    if (from == null || to == null) {
      return;
    }
    boolean fits = from.size() <= to.size();
    for (int i = 1; fits && i <= from.size(); i++) {
      Dim f = from.get(from.size() - i);
      Dim t = to.get(to.size() - i);
      fits = f.is(1) || merge(f, t) != null;
    }
    if (!fits) {
      throw new ModelException(
          what + ": expected a shape that broadcasts to " + text(to) + ", got " + text(from));
    }
  }

  /// The better known of two shapes that must be equal.
  static @Nullable List<Dim> merge(
      String what, @Nullable List<Dim> expected, @Nullable List<Dim> got) {
    if (expected == null || got == null) {
      return expected == null ? got : expected;
    }
    if (expected.equals(got)) {
      return expected;
    }
    Dim[] dims = new Dim[expected.size()];
    boolean fits = expected.size() == got.size();
    for (int i = 0; fits && i < dims.length; i++) {
      Dim dim = merge(expected.get(i), got.get(i));
      if (dim == null) {
        fits = false;
      } else {
        dims[i] = dim;
      }
    }
    if (!fits) {
      throw new ModelException(what + ": expected shape " + text(expected) + ", got " + text(got));
    }
    return List.of(dims);
  }

  /// A copy with one extent changed.
  static List<Dim> with(List<Dim> shape, int axis, Dim dim) {
    Dim[] dims = shape.toArray(new Dim[0]);
    dims[axis] = dim;
    return List.of(dims);
  }

  /// The shape of numbers.
  static List<Dim> of(long[] numbers) {
    Dim[] dims = new Dim[numbers.length];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = Dim.of(numbers[i]);
    }
    return List.of(dims);
  }

  static String text(@Nullable List<Dim> shape) {
    if (shape == null) {
      return "[…]";
    }
    StringBuilder text = new StringBuilder("[");
    for (Dim dim : shape) {
      text.append(text.length() > 1 ? "×" : "").append(dim);
    }
    return text.append(']').toString();
  }
}
