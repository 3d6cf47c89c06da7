package dev.jiffy.engine.ir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class PolynomialTest {
  private static final Polynomial N = Polynomial.atom("n");
  private static final Polynomial M = Polynomial.atom("m");

  @Provide
  Arbitrary<Polynomial> polynomials() {
    Arbitrary<String> atoms = Arbitraries.of("batch", "seq", "h", "odd name", "max(h-1,0)");
    Arbitrary<Polynomial> terms =
        Combinators.combine(atoms.list().ofMaxSize(2), Arbitraries.longs().between(-9, 9))
            .as((monomial, c) -> Polynomial.term(monomial.stream().sorted().toList(), c));
    return terms
        .list()
        .ofMaxSize(4)
        .map(list -> list.stream().reduce(Polynomial.ZERO, Polynomial::plus));
  }

  @Property(tries = 300, seed = "1")
  void textsAreReadBack(@ForAll("polynomials") Polynomial p) {
    assertEquals(p, Polynomial.of(p.dim()), p::toString);
  }

  @Property(tries = 300, seed = "1")
  void productsDivide(@ForAll("polynomials") Polynomial p, @ForAll("polynomials") Polynomial q) {
    if (q.equals(Polynomial.ZERO)) {
      assertNull(p.dividedBy(q));
    } else {
      assertEquals(p, p.times(q).dividedBy(q));
    }
  }

  @Property(tries = 300, seed = "1")
  void sumsCancel(@ForAll("polynomials") Polynomial p, @ForAll("polynomials") Polynomial q) {
    assertEquals(p, p.plus(q).minus(q));
    assertEquals(p.times(q), q.times(p));
    assertEquals(p.times(p).minus(q.times(q)), p.plus(q).times(p.minus(q)));
  }

  /// Rounding down keeps its value however it is rewritten.
  @Property(tries = 300, seed = "1")
  void roundedQuotientsKeepTheirValue(
      @ForAll @IntRange(max = 200) int n,
      @ForAll @IntRange(min = -20, max = 20) int add,
      @ForAll @IntRange(min = 1, max = 9) int first,
      @ForAll @IntRange(min = -20, max = 20) int more,
      @ForAll @IntRange(min = 1, max = 9) int second) {
    Polynomial inner = N.plus(Polynomial.of(add)).floorDividedBy(Polynomial.of(first));
    Polynomial outer = inner.plus(Polynomial.of(more)).floorDividedBy(Polynomial.of(second));
    long expected = Math.floorDiv((long) Math.floorDiv(n + add, first) + more, second);
    assertEquals(expected, value(outer, Map.of("n", (long) n)));
  }

  private static long value(Polynomial p, Map<String, Long> atoms) {
    long sum = 0;
    for (Map.Entry<List<String>, Long> term : p.terms().entrySet()) {
      long product = term.getValue();
      for (String atom : term.getKey()) {
        PolynomialText.Quotient quotient = PolynomialText.quotient(atom);
        product *=
            quotient == null
                ? Objects.requireNonNull(atoms.get(atom))
                : Math.floorDiv(value(quotient.dividend(), atoms), quotient.divisor());
      }
      sum += product;
    }
    return sum;
  }

  @Test
  void equalExpressionsHaveEqualNames() {
    assertEquals("m*n+2*n", N.times(M).plus(N).plus(N).toString());
    assertEquals("m*n+2*n", N.plus(M.times(N)).plus(N).toString());
    assertEquals("3", N.plus(Polynomial.of(3)).minus(N).toString());
    assertEquals("-n", Polynomial.ZERO.minus(N).toString());
  }

  @Test
  void stridesInARowAreOneStride() {
    Polynomial half = N.plus(Polynomial.of(1)).floorDividedBy(Polynomial.of(2));
    Polynomial quarter = half.plus(Polynomial.of(1)).floorDividedBy(Polynomial.of(2));
    assertEquals("floor((n+3)/(4))", quarter.toString());
    assertEquals(
        "floor((n+1)/(2))-1",
        N.minus(Polynomial.of(1)).floorDividedBy(Polynomial.of(2)).toString());
  }

  @Test
  void foreignNamesAreAtoms() {
    assertEquals(Polynomial.atom("a - b"), Polynomial.of(Dim.of("a - b")));
    assertEquals("2*`a - b`", Dims.multiply(Dim.of("a - b"), 2).toString());
    assertEquals("a - b", Dims.floorDivide(Dim.of("2*`a - b`"), Dim.of(2)).toString());
    assertEquals("seq+1", Dims.add(Dim.of("seq"), 1).toString());
    assertEquals("seq", Dims.add(Dim.of("seq+1"), -1).toString());
  }

  @Test
  void overflowIsNoticed() {
    Polynomial huge = Polynomial.term(List.of("n"), Long.MAX_VALUE);
    assertThrows(ArithmeticException.class, () -> huge.plus(N));
    assertThrows(ArithmeticException.class, () -> huge.times(Polynomial.of(2)));
  }

  @Test
  void longDifferencesMayBeNegative() {
    Dim sum = Dim.of("n");
    for (int i = 0; i < 60; i++) {
      sum = Dims.add(sum, Dim.of("a_rather_long_name_" + i));
    }
    Dim difference = Dims.subtract(Dim.of("m"), sum);
    assertNotEquals(difference, Dims.max(difference, Dim.of(0)));
    Dim half = Dims.floorDivide(difference, Dim.of(2));
    assertNotEquals(half, Dims.max(half, Dim.of(0)));
    assertEquals(sum, Dims.max(sum, Dim.of(0)));
  }

  @Test
  void longExpressionsGetShortNames() {
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      dims.add(Dim.of("a_rather_long_name_" + i));
    }
    Dim product = Dims.product(dims);
    assertTrue(product.toString().length() <= 400, product.toString());
    assertTrue(product.toString().contains("expression_"), product.toString());
    assertEquals(product, Dims.product(dims));
    assertNotEquals(product, Dims.product(dims.subList(0, 59)));
  }
}
