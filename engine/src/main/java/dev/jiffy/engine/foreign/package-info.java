/// Other runtimes that compute what Jiffy does not: the service that a module provides, and what it
/// hands over.
package dev.jiffy.engine.foreign;
