package org.hearth.server.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Callable;
import org.hearth.server.StartFailedException;
import org.hearth.server.admin.AdminException;
import org.hearth.server.admin.Amounts;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `hearth media …`: pictures and files.
final class MediaCommands {
  private final PrintStream out;

  private MediaCommands(PrintStream out) {
    this.out = out;
  }

  /// The command with those below it.
  static CommandLine line(PrintStream out, PrintStream err) {
    MediaCommands commands = new MediaCommands(out);
    CommandLine line = CommandGroup.line("media", "pictures and files", err);
    line.addSubcommand("status", commands.new Status());
    line.addSubcommand("list", commands.new ListOfUser());
    line.addSubcommand("show", commands.new Show());
    line.addSubcommand("quarantine", commands.new Quarantine());
    line.addSubcommand("release", commands.new Release());
    line.addSubcommand("protect", commands.new Protect());
    line.addSubcommand("unprotect", commands.new Unprotect());
    line.addSubcommand("delete", commands.new Delete());
    line.addSubcommand("remove-unused", commands.new RemoveUnused());
    line.addSubcommand("check", commands.new Check());
    return line;
  }

  private static String files(long count) {
    return count == 1 ? "1 file" : "%,d files".formatted(count);
  }

  @Command(name = "status", description = "how much there is, and whose")
  private final class Status implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Override
    public Integer call() throws IOException, StartFailedException {
      JsonNode told = Commands.perform(setup, "media-status", Map.of());
      out.printf(
          "%s of people here, %s; copies of files on other servers: %,d, %s.%n",
          files(told.path("files").asLong()),
          Amounts.bytes(told.path("bytes").asLong()),
          told.path("copies").asLong(),
          Amounts.bytes(told.path("copy-bytes").asLong()));
      for (JsonNode each : told.path("users")) {
        out.printf(
            "%-40s %14s %10s%n",
            each.path("user").asText(),
            files(each.path("files").asLong()),
            Amounts.bytes(each.path("bytes").asLong()));
      }
      return 0;
    }
  }

  @Command(name = "list", description = "list what somebody has uploaded, newest first")
  private final class ListOfUser implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Parameters(paramLabel = "NAME", description = "the person's name or whole id")
    private String name = "";

    @Override
    public Integer call() throws IOException, StartFailedException {
      JsonNode told = Commands.perform(setup, "media-list", Map.of("name", name));
      JsonNode media = told.path("media");
      if (media.isEmpty()) {
        out.println(told.path("user").asText() + " has uploaded nothing.");
      }
      media.forEach(MediaCommands.this::tell);
      if (told.path("more").asBoolean()) {
        out.printf("There are more: these are the newest %,d.%n", media.size());
      }
      return 0;
    }
  }

  private void tell(JsonNode media) {
    out.printf(
        "%s %s %s %s%s%s%s%s%n",
        media.path("uri").asText(),
        Amounts.moment(Instant.parse(media.path("time").asText())),
        Amounts.bytes(media.path("bytes").asLong()),
        media.path("type").asText(),
        media.has("name") ? " \"" + media.path("name").asText() + "\"" : "",
        media.path("quarantined").asBoolean() ? ", in quarantine" : "",
        media.path("protected").asBoolean() ? ", protected" : "",
        media.path("missing").asBoolean() ? ", its file is lost" : "");
  }

  @Command(name = "show", description = "tell what is known of something")
  private final class Show implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Parameters(paramLabel = "MXC", description = "its address: mxc://…")
    private String uri = "";

    @Override
    public Integer call() throws IOException, StartFailedException {
      JsonNode media = Commands.perform(setup, "media-show", Map.of("uri", uri));
      tell(media);
      if (media.has("user")) {
        out.println("Uploaded by " + media.path("user").asText() + ".");
      }
      out.println("Last downloaded " + Amounts.moment(Instant.parse(media.path("used").asText())));
      out.println("SHA-256 " + media.path("sha256").asText());
      return 0;
    }
  }

  /// One address, or all of a person.
  private static final class Which {
    @Parameters(paramLabel = "MXC", arity = "0..1", description = "its address: mxc://…")
    private String uri = "";

    @Option(
        names = "--of",
        paramLabel = "NAME",
        description = "all that this person has uploaded, instead of one address")
    private String user = "";

    private Map<String, String> arguments() {
      if (uri.isEmpty() == user.isEmpty()) {
        throw new AdminException("Say either an address, mxc://…, or whose with --of.");
      }
      return user.isEmpty() ? Map.of("uri", uri) : Map.of("name", user);
    }
  }

  @Command(
      name = "quarantine",
      description = "keep everybody from something, and from all that has the same bytes")
  private final class Quarantine implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();
    @Mixin private Which which = new Which();

    @Override
    public Integer call() throws IOException, StartFailedException {
      JsonNode told = Commands.perform(setup, "media-quarantine", which.arguments());
      out.printf("In quarantine: %d. What is protected is not.%n", told.path("count").asInt());
      return 0;
    }
  }

  @Command(name = "release", description = "take something out of quarantine")
  private final class Release implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();
    @Mixin private Which which = new Which();

    @Override
    public Integer call() throws IOException, StartFailedException {
      JsonNode told = Commands.perform(setup, "media-release", which.arguments());
      out.printf("Not in quarantine any more: %d.%n", told.path("count").asInt());
      return 0;
    }
  }

  @Command(name = "protect", description = "keep something from quarantine and from removal by age")
  private final class Protect implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Parameters(paramLabel = "MXC", description = "its address: mxc://…")
    private String uri = "";

    @Override
    public Integer call() throws IOException, StartFailedException {
      Commands.perform(setup, "media-protect", Map.of("uri", uri));
      out.println(uri + " is protected.");
      return 0;
    }
  }

  @Command(name = "unprotect", description = "do not protect something any more")
  private final class Unprotect implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Parameters(paramLabel = "MXC", description = "its address: mxc://…")
    private String uri = "";

    @Override
    public Integer call() throws IOException, StartFailedException {
      Commands.perform(setup, "media-unprotect", Map.of("uri", uri));
      out.println(uri + " is not protected any more.");
      return 0;
    }
  }

  @Command(name = "delete", description = "delete something for good")
  private final class Delete implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Parameters(paramLabel = "MXC", description = "its address: mxc://…")
    private String uri = "";

    @Override
    public Integer call() throws IOException, StartFailedException {
      Commands.perform(setup, "media-delete", Map.of("uri", uri));
      out.println(uri + " is deleted.");
      return 0;
    }
  }

  @Command(
      name = "remove-unused",
      description = "delete what nobody has downloaded for so long, but for what is protected")
  private final class RemoveUnused implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Parameters(paramLabel = "TIME", description = "such as 365d")
    private String unused = "";

    @Option(
        names = "--copies",
        description = "copies of files on other servers, instead of what people here uploaded")
    private boolean copies;

    @Option(names = "--dry-run", description = "only tell how much that would be")
    private boolean dryRun;

    @Override
    public Integer call() throws IOException, StartFailedException {
      JsonNode told =
          Commands.perform(
              setup,
              "media-remove-unused",
              Map.of(
                  "unused",
                  TokenCommands.duration(unused).toString(),
                  "copies",
                  Boolean.toString(copies),
                  "dry-run",
                  Boolean.toString(dryRun)));
      out.printf(
          "%s: %s, %s.%n",
          dryRun ? "That would be removed" : "Removed",
          files(told.path("files").asLong()),
          Amounts.bytes(told.path("bytes").asLong()));
      return 0;
    }
  }

  @Command(
      name = "check",
      description = "look for files without media and media without files, and mend it")
  private final class Check implements Callable<Integer> {
    @Mixin private Commands.Setup setup = new Commands.Setup();

    @Option(names = "--read", description = "read every file, and compare it with what was stored")
    private boolean read;

    @Override
    public Integer call() throws IOException, StartFailedException {
      JsonNode told =
          Commands.perform(setup, "media-check", Map.of("read", Boolean.toString(read)));
      out.printf(
          "%d files belonged to nothing and are removed; the files of %d pieces of media are lost; %d pieces of media without a file are removed.%n",
          told.path("without-row").asInt(),
          told.path("lost").asInt(),
          told.path("forgotten").asInt());
      int damaged = told.path("damaged").asInt();
      if (read) {
        out.printf("Damaged: %s.%n", files(damaged));
      }
      return damaged + told.path("lost").asInt() == 0 ? 0 : Commands.REFUSED;
    }
  }
}
