package dev.jiffy.cli;

import dev.jiffy.bench.load.Lengths;
import dev.jiffy.bench.load.Scenario;
import dev.jiffy.bench.record.Slo;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// How the values of the options of `load` are read.
final class LoadValues {
  private LoadValues() {}

  /// Reads a scenario's name.
  static final class Scenarios implements ITypeConverter<Scenario> {
    @Override
    public Scenario convert(String value) {
      return Arrays.stream(Scenario.values())
          .filter(scenario -> scenario.label().equals(value))
          .findFirst()
          .orElseThrow(() ->
              new TypeConversionException(
                  "'%s' is not one of %s"
                      .formatted(
                          value,
                          Arrays.stream(Scenario.values())
                              .map(Scenario::label)
                              .collect(Collectors.joining(", ")))));
    }
  }

  /// Reads an SLO.
  static final class Slos implements ITypeConverter<Slo> {
    @Override
    public Slo convert(String value) {
      try {
        return Slo.parse(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  /// Reads a number of things, 1 to 10 million.
  static final class Count implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return (int) OptionValues.whole(value, 1, 10_000_000);
    }
  }

  /// Reads how often to repeat, 1 to 1000.
  static final class Repeats implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return (int) OptionValues.whole(value, 1, 1000);
    }
  }

  /// Reads a percentage, 0 to 1000.
  static final class Percent implements ITypeConverter<Double> {
    @Override
    public Double convert(String value) {
      return OptionValues.decimal(value, 0, 1000);
    }
  }

  /// Reads a length, or how lengths vary.
  static final class LengthForms implements ITypeConverter<Lengths> {
    @Override
    public Lengths convert(String value) {
      try {
        return Lengths.parse(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  /// Reads extents such as `1xseq`: numbers and names of dimensions.
  static final class Template implements ITypeConverter<List<String>> {
    @Override
    public List<String> convert(String value) {
      List<String> parts = value.isEmpty() ? List.of() : List.of(value.split("[x×]", -1));
      for (String part : parts) {
        if (!part.matches("\\d{1,18}|[A-Za-z_][A-Za-wyz0-9_.]*")) {
          throw new TypeConversionException(
              "'%s' is neither a number nor the name of a dimension (without x)".formatted(part));
        }
      }
      return parts;
    }
  }
}
