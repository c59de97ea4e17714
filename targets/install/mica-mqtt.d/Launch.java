import net.dreamlu.iot.mqtt.core.server.MqttServer;

/** mica-mqtt: Launch HOST PORT. One TCP listener, for everybody. SIGTERM stops it in good order. */
class Launch {
	public static void main(String[] args) {
		try {
			MqttServer broker = MqttServer.create()
							    .ip(args[0])
							    .port(Integer.parseInt(args[1]))
							    .websocketEnable(false)
							    .httpEnable(false)
							    .messageListener((context, id, topic, qos, message) -> {})
							    .start();
			Runtime.getRuntime().addShutdownHook(new Thread(broker::stop));
			Thread.currentThread().join();
		} catch (Throwable e) { // whatever threads it has started: it does not run
			e.printStackTrace();
			Runtime.getRuntime().halt(1);
		}
	}
}
