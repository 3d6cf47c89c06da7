package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ClassChoice;
import dev.jiffy.engine.function.ScoreTransform;
import dev.jiffy.engine.function.SupportVectorKernel;
import dev.jiffy.engine.function.SupportVectorVotes;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Support vector machines. Without support vectors they are linear models.
final class SupportVectorImports {
  private SupportVectorImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "SVMClassifier" -> Operator.of(1, 1, 1, 2, SupportVectorImports::classifier);
      case "SVMRegressor" -> Operator.of(1, 1, 1, SupportVectorImports::regressor);
      default -> null;
    };
  }

  private static SupportVectorKernel kernel(NodeScope node) {
    List<Float> parameters = node.reals("kernel_params");
    if (!parameters.isEmpty() && parameters.size() != 3) {
      throw node.invalid(
          "attribute 'kernel_params': expected 3 elements, got " + parameters.size());
    }
    SupportVectorKernel.Shape shape = node.choice("kernel_type", SupportVectorKernel.Shape.LINEAR);
    return parameters.isEmpty()
        ? new SupportVectorKernel(shape, 0, 0, 0)
        : new SupportVectorKernel(shape, parameters.get(0), parameters.get(1), parameters.get(2));
  }

  private static String kernels(NodeScope node, long vectors) {
    List<Float> elements = node.reals("support_vectors");
    if (elements.isEmpty() || elements.size() % vectors != 0) {
      throw node.invalid(
          "attribute 'support_vectors' has %d elements for %d vectors"
              .formatted(elements.size(), vectors));
    }
    long features = elements.size() / vectors;
    Tensor table = Tensor.allocate(DType.F32, Shape.of(features, vectors));
    for (int i = 0; i < elements.size(); i++) {
      table.setDouble(i % features * vectors + i / features, elements.get(i));
    }
    return node.make(
        new TableOp.VectorKernels(kernel(node)), TableImports.rows(node), node.constant(table));
  }

  private static String shifted(NodeScope node, String x, List<Float> rho) {
    if (rho.isEmpty()) {
      throw node.invalid("attribute 'rho' is missing");
    }
    return node.make(
        new Binary(BinaryFunction.ADD), x, node.constant(TableImports.reals(rho.subList(0, 1), 1)));
  }

  private static void classifier(NodeScope node) {
    Tensor labels = TableImports.labels(node, "classlabels_strings", "classlabels_ints");
    List<Float> coefficients = node.reals("coefficients");
    List<Float> rho = node.reals("rho");
    ScoreTransform transform = node.choice("post_transform", ScoreTransform.NONE);
    List<Integer> vectors =
        node.integers("vectors_per_class").stream().map(Math::toIntExact).toList();
    List<Float> probabilityA = node.reals("prob_a");
    List<Float> probabilityB = node.reals("prob_b");
    long count = vectors.stream().mapToLong(Integer::longValue).sum();
    int classes = Math.toIntExact(labels.shape().elements());
    if (vectors.stream().anyMatch(n -> n < 0)) {
      throw node.invalid("attribute 'vectors_per_class': expected counts, got " + vectors);
    }
    if (count == 0) {
      node.ignore("kernel_type", "kernel_params", "support_vectors");
      boolean isPositive = coefficients.stream().allMatch(x -> x >= 0);
      ClassChoice binary =
          isPositive ? ClassChoice.GREATEST_UNLESS_HALF : ClassChoice.GREATEST_UNLESS_POSITIVE;
      ClassChoice choice = classes == 2 ? binary : ClassChoice.GREATEST;
      String scores = shifted(node, TableImports.products(node, coefficients, classes), rho);
      node.results(new TableOp.Classify(choice, transform, labels), scores);
      return;
    }
    if (vectors.size() != classes || classes < 2) {
      throw node.invalid("%d labels, but vectors of %d classes".formatted(classes, vectors.size()));
    }
    SupportVectorVotes votes =
        new SupportVectorVotes(vectors, coefficients, rho, probabilityA, probabilityB, transform);
    node.results(new TableOp.Votes(votes, labels), kernels(node, count));
  }

  private static void regressor(NodeScope node) {
    List<Float> coefficients = node.reals("coefficients");
    List<Float> rho = node.reals("rho");
    long vectors = node.integer("n_supports", 0);
    boolean isOneClass = node.flag("one_class", false);
    node.ignore("post_transform"); // as in ONNX Runtime
    String products;
    if (vectors > 0) {
      if (coefficients.size() != vectors) {
        throw node.invalid(
            "%d coefficients for %d vectors".formatted(coefficients.size(), vectors));
      }
      Tensor column = TableImports.reals(coefficients, vectors, 1);
      products = node.make(new Op.MatMul(), kernels(node, vectors), node.constant(column));
    } else {
      node.ignore("kernel_type", "kernel_params", "support_vectors");
      products = TableImports.products(node, coefficients, 1);
    }
    String scores = shifted(node, products, rho);
    if (isOneClass) {
      String zero = node.scalar(0, scores);
      String isPositive = node.make(new Binary(BinaryFunction.GREATER), scores, zero);
      node.result(new Op.Where(), isPositive, node.scalar(1, scores), node.scalar(-1, scores));
    } else {
      node.result(new Op.Identity(), scores);
    }
  }
}
