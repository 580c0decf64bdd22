# Match addresses by Ruby's IPAddr: reads "rules RANGE …" and "ask ADDRESS" lines and answers each with a line.
require "ipaddr"

ranges = []
$stdout.sync = true
$stdin.each_line do |line|
  word, *rest = line.split
  if word == "ask"
    address = IPAddr.new(rest[0])
    puts ranges.any? { |range| range.include?(address) } ? "yes" : "no"
  else
    begin
      ranges = rest.map { |text| IPAddr.new(text) }
      puts "ok"
    rescue StandardError => error
      puts "refused: #{error.message}"
    end
  end
end
