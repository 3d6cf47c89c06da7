package dev.jiffy.engine.ir;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// A polynomial with integer coefficients over named numbers: the canonical form of a symbolic
/// dimension.
///
/// Equal polynomials have equal texts, and a text is read back as the same polynomial; so the name
/// of a [Dim.Symbol] carries the whole expression, such as `batch*seq` or `2*seq+1`. What is no
/// polynomial, such as a rounded quotient, is one atom with a canonical text: `floor((h+1)/2)`.
/// Names that do not fit the grammar are atoms, within an expression between backquotes. All
/// arithmetic is exact: an overflow is an [ArithmeticException].
final class Polynomial {
  /// More terms than this are not multiplied out: the expression becomes an opaque name.
  private static final int MAX_TERMS = 64;

  private static final int MAX_TEXT = 400;

  /// So many texts are remembered with what they spell: shape inference reads the same few over and
  /// over.
  private static final int MAX_READ = 1024;

  private static final Map<String, Polynomial> READ = new ConcurrentHashMap<>();

  static final Polynomial ZERO = new Polynomial();

  /// Coefficients by monomial; a monomial is a sorted list of atoms, the empty one is 1. Graded
  /// lexicographic order, the leading term first: an order that division needs.
  private final NavigableMap<List<String>, Long> terms;

  private Polynomial() {
    this(new TreeMap<>(Polynomial::compareMonomials));
  }

  private Polynomial(NavigableMap<List<String>, Long> terms) {
    this.terms = terms;
  }

  private static int compareMonomials(List<String> a, List<String> b) {
    if (a.size() != b.size()) {
      return Integer.compare(b.size(), a.size());
    }
    for (int i = 0; i < a.size(); i++) {
      int order = Comparator.<String>naturalOrder().compare(a.get(i), b.get(i));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  static Polynomial of(long number) {
    return term(List.of(), number);
  }

  static Polynomial atom(String name) {
    return term(List.of(name), 1);
  }

  static Polynomial of(Dim dim) {
    return dim instanceof Dim.Symbol(String name) ? read(name) : of(((Dim.Known) dim).value());
  }

  private static Polynomial read(String name) {
    Polynomial known = READ.get(name);
    if (known == null) {
      known = PolynomialText.parse(name);
      if (READ.size() >= MAX_READ) {
        READ.clear();
      }
      READ.put(name, known);
    }
    return known;
  }

  static Polynomial term(List<String> monomial, long coefficient) {
    Polynomial p = new Polynomial();
    p.accumulate(monomial, coefficient);
    return p;
  }

  private void accumulate(List<String> monomial, long coefficient) {
    long sum = Math.addExact(terms.getOrDefault(monomial, 0L), coefficient);
    if (sum == 0) {
      terms.remove(monomial);
    } else {
      terms.put(monomial, sum);
    }
  }

  /// The coefficients by monomial, the leading term first.
  Map<List<String>, Long> terms() {
    return Collections.unmodifiableMap(terms);
  }

  /// The dimension whose name is this polynomial's text.
  Dim dim() {
    if (isConstant()) {
      return Dim.of(constant());
    }
    String text = PolynomialText.of(this);
    if (terms.size() > MAX_TERMS || text.length() > MAX_TEXT) {
      text = PolynomialText.digest(this);
    }
    return Dim.of(text);
  }

  boolean isConstant() {
    return terms.isEmpty() || (terms.size() == 1 && terms.firstKey().isEmpty());
  }

  /// The term without atoms.
  long constant() {
    return terms.getOrDefault(List.<String>of(), 0L);
  }

  /// The only atom of a polynomial that is nothing but that atom plus a constant, else null.
  @Nullable String loneAtom() {
    if (terms.size() > 2 || isConstant() || (terms.size() == 2 && constant() == 0)) {
      return null;
    }
    Map.Entry<List<String>, Long> lead = terms.firstEntry();
    return lead.getKey().size() == 1 && lead.getValue() == 1 ? lead.getKey().getFirst() : null;
  }

  /// Whether the form alone shows that the number is not negative: extents never are.
  boolean isNonNegative() {
    for (Map.Entry<List<String>, Long> term : terms.entrySet()) {
      if (term.getValue() < 0) {
        return false;
      }
      for (String atom : term.getKey()) {
        boolean hasSign = atom.indexOf('-') >= 0 || atom.contains(PolynomialText.SIGNED);
        if (hasSign && !(atom.startsWith("max(") && atom.endsWith(",0)"))) {
          return false;
        }
      }
    }
    return true;
  }

  Polynomial plus(Polynomial other) {
    return plus(other, 1);
  }

  Polynomial minus(Polynomial other) {
    return plus(other, -1);
  }

  private Polynomial plus(Polynomial other, long factor) {
    Polynomial sum = copy();
    for (Map.Entry<List<String>, Long> term : other.terms.entrySet()) {
      sum.accumulate(term.getKey(), Math.multiplyExact(term.getValue(), factor));
    }
    return sum;
  }

  Polynomial times(Polynomial other) {
    if ((long) terms.size() * other.terms.size() > MAX_TERMS) {
      return opaque().times(other.opaque());
    }
    Polynomial product = new Polynomial();
    for (Map.Entry<List<String>, Long> m : terms.entrySet()) {
      for (Map.Entry<List<String>, Long> n : other.terms.entrySet()) {
        product.accumulate(
            join(m.getKey(), n.getKey()), Math.multiplyExact(m.getValue(), n.getValue()));
      }
    }
    return product;
  }

  private Polynomial opaque() {
    return terms.size() < 2 ? this : atom(PolynomialText.digest(this));
  }

  private static List<String> join(List<String> a, List<String> b) {
    List<String> atoms = new ArrayList<>(a);
    atoms.addAll(b);
    Collections.sort(atoms);
    return List.copyOf(atoms);
  }

  private Polynomial copy() {
    return new Polynomial(new TreeMap<>(terms));
  }

  /// The quotient where the division leaves no remainder, else null; also null for a divisor 0.
  @Nullable Polynomial dividedBy(Polynomial divisor) {
    if (divisor.terms.isEmpty()) {
      return null;
    }
    Map.Entry<List<String>, Long> lead = divisor.terms.firstEntry();
    Polynomial rest = copy();
    Polynomial quotient = new Polynomial();
    while (!rest.terms.isEmpty()) {
      Map.Entry<List<String>, Long> head = rest.terms.firstEntry();
      List<String> monomial = remove(head.getKey(), lead.getKey());
      if (monomial == null || head.getValue() % lead.getValue() != 0) {
        return null;
      }
      Polynomial step = term(monomial, head.getValue() / lead.getValue());
      quotient = quotient.plus(step);
      rest = rest.minus(divisor.times(step));
    }
    return quotient;
  }

  private static @Nullable List<String> remove(List<String> from, List<String> what) {
    List<String> left = new ArrayList<>(from);
    for (String atom : what) {
      if (!left.remove(atom)) {
        return null;
      }
    }
    return List.copyOf(left);
  }

  /// The quotient rounded down, as an atom where nothing simpler is the same.
  Polynomial floorDividedBy(Polynomial divisor) {
    Polynomial exact = dividedBy(divisor);
    if (exact != null) {
      return exact;
    }
    if (divisor.isConstant() && divisor.constant() > 0) {
      return floorDividedBy(divisor.constant());
    }
    return atom(PolynomialText.quotient(this, divisor));
  }

  private Polynomial floorDividedBy(long divisor) {
    Polynomial whole = new Polynomial();
    Polynomial rest = new Polynomial();
    for (Map.Entry<List<String>, Long> term : terms.entrySet()) {
      List<String> m = term.getKey();
      long c = term.getValue();
      if (m.isEmpty() || c % divisor == 0) {
        whole.accumulate(m, Math.floorDiv(c, divisor));
        rest.accumulate(m, Math.floorMod(c, divisor));
      } else {
        rest.accumulate(m, c);
      }
    }
    if (rest.isConstant()) {
      return whole;
    }
    String lone = rest.loneAtom();
    PolynomialText.Quotient inner = lone == null ? null : PolynomialText.quotient(lone);
    if (inner != null) {
      // floor((floor(p/s)+c)/d) = floor((p+c·s)/(s·d))
      Polynomial scaled = of(Math.multiplyExact(rest.constant(), inner.divisor()));
      long product = Math.multiplyExact(inner.divisor(), divisor);
      return whole.plus(inner.dividend().plus(scaled).floorDividedBy(of(product)));
    }
    return whole.plus(atom(PolynomialText.quotient(rest, of(divisor))));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Polynomial polynomial && terms.equals(polynomial.terms);
  }

  @Override
  public int hashCode() {
    return terms.hashCode();
  }

  @Override
  public String toString() {
    return PolynomialText.of(this);
  }
}
