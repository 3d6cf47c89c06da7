/// What a server adds to the models that it serves.
@org.jspecify.annotations.NullMarked
package dev.jiffy.bench.serving;
