import com.hivemq.embedded.EmbeddedHiveMQ;
import java.nio.file.Files;
import java.nio.file.Path;

/** HiveMQ CE: Launch FOLDER [DATA], where FOLDER has a config.xml. SIGTERM stops it in good order. */
class Launch {
	public static void main(String[] args) throws Exception {
		Path folder = Path.of(args[0]);
		Path data = args.length > 1 ? Path.of(args[1]) : folder.resolve("data");
		Path extensions = folder.resolve("extensions");

		Files.createDirectories(data);
		Files.createDirectories(extensions);
		EmbeddedHiveMQ broker = EmbeddedHiveMQ.builder()
						.withConfigurationFolder(folder)
						.withDataFolder(data)
						.withExtensionsFolder(extensions)
						.build();
		Runtime.getRuntime().addShutdownHook(new Thread(() -> broker.stop().join()));
		broker.start().join();
		Thread.currentThread().join();
	}
}
