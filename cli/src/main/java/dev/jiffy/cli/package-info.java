/// The commands. The only module that wires the others, prints and exits.
package dev.jiffy.cli;
