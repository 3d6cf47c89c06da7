package dev.jiffy.cli;

import dev.jiffy.engine.Device;
import dev.jiffy.tensor.Shape;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// How the values of options are read; a value that cannot be read is a usage error.
final class OptionValues {
  private OptionValues() {}

  /// Reads a number of threads, 0 to 1024.
  static final class Threads implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return (int) whole(value, 0, 1024);
    }
  }

  /// Reads a number of runs, 1 to 1000000.
  static final class Runs implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return (int) whole(value, 1, 1_000_000);
    }
  }

  /// Reads how many rows to list, 0 to 1000000.
  static final class Top implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return (int) whole(value, 0, 1_000_000);
    }
  }

  /// Reads how many of something there may be, 1 to 65536.
  static final class Count implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return (int) whole(value, 1, 65_536);
    }
  }

  /// Reads a rate, more than 0.
  static final class Rate implements ITypeConverter<Double> {
    @Override
    public Double convert(String value) {
      try {
        return decimal(value, Double.MIN_VALUE, Double.MAX_VALUE);
      } catch (TypeConversionException _) {
        throw new TypeConversionException("'%s' is not a number above 0".formatted(value));
      }
    }
  }

  /// Reads a port, 0 to 65535.
  static final class Port implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return (int) whole(value, 0, 65_535);
    }
  }

  /// Reads a device: `cpu` or `cuda:N`.
  static final class DeviceName implements ITypeConverter<Device> {
    @Override
    public Device convert(String value) {
      try {
        return Device.of(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(String.valueOf(e.getMessage()));
      }
    }
  }

  /// Reads the extent of a dimension.
  static final class Extent implements ITypeConverter<Long> {
    @Override
    public Long convert(String value) {
      return whole(value, 0, Long.MAX_VALUE);
    }
  }

  /// Reads a large number, such as of bytes, at least 1.
  static final class Size implements ITypeConverter<Long> {
    @Override
    public Long convert(String value) {
      return whole(value, 1, Long.MAX_VALUE);
    }
  }

  /// Reads a number, at least 1.
  static final class Amount implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      return (int) whole(value, 1, Integer.MAX_VALUE);
    }
  }

  /// Reads extents such as `1x128`; `1×128` is the same, and nothing a scalar's.
  static final class Extents implements ITypeConverter<Shape> {
    @Override
    public Shape convert(String value) {
      if (value.isEmpty()) {
        return Shape.of();
      }
      String[] parts = value.split("[x×]", -1);
      long[] dims = new long[parts.length];
      for (int i = 0; i < dims.length; i++) {
        dims[i] = whole(parts[i], 0, Long.MAX_VALUE);
      }
      try {
        return Shape.of(dims);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  /// Reads a name as it stands.
  static final class Name implements ITypeConverter<String> {
    @Override
    public String convert(String value) {
      return value;
    }
  }

  /// Reads a tolerance, at least 0.
  static final class Tolerance implements ITypeConverter<Double> {
    @Override
    public Double convert(String value) {
      return decimal(value, 0, Double.MAX_VALUE);
    }
  }

  /// Reads a part of a whole, 0 to 1.
  static final class Part implements ITypeConverter<Double> {
    @Override
    public Double convert(String value) {
      return decimal(value, 0, 1);
    }
  }

  /// Reads permissions of a file, three octal digits.
  static final class Mode implements ITypeConverter<Set<PosixFilePermission>> {
    @Override
    public Set<PosixFilePermission> convert(String value) {
      if (!value.matches("0?[0-7]{3}")) {
        throw new TypeConversionException(
            "'%s' is no mode of a file such as 600 or 660".formatted(value));
      }
      int bits = Integer.parseInt(value, 8);
      StringBuilder mode = new StringBuilder("rwxrwxrwx");
      for (int i = 0; i < mode.length(); i++) {
        if ((bits >> (mode.length() - 1 - i) & 1) == 0) {
          mode.setCharAt(i, '-');
        }
      }
      return PosixFilePermissions.fromString(mode.toString());
    }
  }

  /// Reads a time in seconds, more than 0 and at most an hour.
  static final class Seconds implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String value) {
      return Duration.ofNanos(Math.round(decimal(value, 1e-3, 3600) * 1e9));
    }
  }

  /// Reads a time in seconds, from 0 to an hour.
  static final class SomeSeconds implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String value) {
      return Duration.ofNanos(Math.round(decimal(value, 0, 3600) * 1e9));
    }
  }

  static long whole(String value, long least, long most) {
    try {
      long number = Long.parseLong(value);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException _) {
      // told below
    }
    throw new TypeConversionException(
        most == Long.MAX_VALUE
            ? "'%s' is not a whole number of at least %d".formatted(value, least)
            : "'%s' is not a whole number from %d to %d".formatted(value, least, most));
  }

  static double decimal(String value, double least, double most) {
    try {
      double number = Double.parseDouble(value);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException _) {
      // told below
    }
    throw new TypeConversionException(
        most == Double.MAX_VALUE
            ? "'%s' is not a number of at least %s".formatted(value, least)
            : "'%s' is not a number from %s to %s".formatted(value, least, most));
  }
}
