package dev.jiffy.cli;

import java.util.ArrayList;
import java.util.List;

/// How alike sentences are: the cosine of the angle between their vectors.
///
/// @param sentences the sentences
/// @param cosines one row and one column for every sentence, from -1 to 1
record Similarities(List<String> sentences, List<List<Double>> cosines) {
  /// From not alike to alike.
  private static final String SHADES = " ░▒▓█";

  /// {@return the similarities of sentences}
  ///
  /// @param sentences the sentences
  /// @param vectors a vector for each, all of the same length
  static Similarities of(List<String> sentences, List<float[]> vectors) {
    List<List<Double>> cosines = new ArrayList<>();
    for (float[] left : vectors) {
      List<Double> row = new ArrayList<>();
      for (float[] right : vectors) {
        row.add(Math.round(cosine(left, right) * 1e4) / 1e4);
      }
      cosines.add(row);
    }
    return new Similarities(sentences, cosines);
  }

  private static double cosine(float[] left, float[] right) {
    double product = 0;
    double leftSquare = 0;
    double rightSquare = 0;
    for (int i = 0; i < left.length; i++) {
      product += (double) left[i] * right[i];
      leftSquare += (double) left[i] * left[i];
      rightSquare += (double) right[i] * right[i];
    }
    double lengths = Math.sqrt(leftSquare * rightSquare);
    return lengths == 0 ? 0 : product / lengths;
  }

  /// {@return the matrix, each number with a shade, each row with its sentence}
  String text() {
    StringBuilder text = new StringBuilder("  ");
    for (int column = 1; column <= sentences.size(); column++) {
      text.append("%8d".formatted(column));
    }
    for (int row = 0; row < sentences.size(); row++) {
      text.append("\n%2d".formatted(row + 1));
      for (double cosine : cosines.get(row)) {
        text.append(" %s %5.2f".formatted(shade(cosine), cosine));
      }
      text.append("  ").append(sentences.get(row));
    }
    return text.toString();
  }

  private static char shade(double cosine) {
    int shade = (int) Math.floor(cosine * SHADES.length());
    return SHADES.charAt(Math.clamp(shade, 0, SHADES.length() - 1));
  }
}
